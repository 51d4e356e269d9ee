import io

import pytest
from click.testing import CliRunner
from rich.console import Console

from hq_assets.cli import doctor
from hq_assets.cli.doctor import (
    EXAMINATIONS,
    Finding,
    compare_packages,
    direct_dependencies,
    examine,
    judge_space,
    locked_versions,
    show_findings,
)
from hq_assets.cli.main import main
from resources.home import hq_home, project_root

LOOKS = {look.__name__: (subject, remedy, look) for subject, remedy, look in EXAMINATIONS}


def _states(*names):
    return {f.subject: f.state for f in examine([LOOKS[name] for name in names])}


def test_this_installation_is_found_well():
    findings = examine()
    assert [f for f in findings if f.state == "fail"] == []
    subjects = {finding.subject for finding in findings}
    assert {
        "Python",
        "packages",
        "state folder",
        "disk space",
        "job ledger",
        "definitions",
    } <= subjects
    assert {"backend ideal_aer", "backend noisy_aer"} <= subjects


def test_the_lock_file_pins_every_direct_dependency():
    locked = locked_versions(project_root() / "requirements.lock")
    assert set(direct_dependencies()) <= set(locked)
    assert len(direct_dependencies()) > 20


def test_a_missing_package_fails_and_another_version_warns():
    assert compare_packages({}, ["no-such-package"]).state == "fail"
    different = compare_packages({"numpy": "0.1"}, ["numpy"])
    assert different.state == "warn"
    assert "locked: 0.1" in different.found


@pytest.mark.parametrize(("mib", "state"), [(100, "fail"), (600, "warn"), (6000, "ok")])
def test_little_space_is_said_and_too_little_fails(mib, state):
    assert judge_space(mib * 2**20).state == state


def test_a_state_folder_that_cannot_be_used_fails_with_a_remedy(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("HQ_HOME", str(tmp_path / "file"))
    (finding,) = examine([LOOKS["home"]])
    assert finding.state == "fail"
    assert "HQ_HOME" in finding.remedy


def test_a_ledger_that_is_no_database_fails():
    hq_home().mkdir(parents=True, exist_ok=True)
    (hq_home() / "ledger.sqlite").write_bytes(b"this is no database" * 100)
    assert _states("ledger") == {"job ledger": "fail"}


def test_an_unknown_environment_fails(monkeypatch):
    monkeypatch.setenv("HQ_ENVIRONMENT", "moon")
    assert _states("backends") == {"backends": "fail"}


def test_another_python_fails(monkeypatch):
    monkeypatch.setattr(doctor, "PYTHON", (3, 10))
    assert _states("python_version") == {"Python": "fail"}


def test_the_table_shows_state_reason_and_remedy():
    text = io.StringIO()
    findings = [
        Finding("disk", "fail", "0 [GiB] free", "Free it."),
        Finding("Python", "ok", "3.11"),
    ]
    show_findings(Console(file=text, width=120), findings)
    for part in ("disk", "fail", "0 [GiB] free", "Free it.", "1 of 2 examinations failed."):
        assert part in text.getvalue()


def test_the_command_exits_with_1_where_something_fails(monkeypatch):
    monkeypatch.setattr(doctor, "EXAMINATIONS", [LOOKS["python_version"]])
    assert CliRunner().invoke(main, ["doctor"]).exit_code == 0
    monkeypatch.setattr(doctor, "PYTHON", (3, 10))
    assert CliRunner().invoke(main, ["doctor"]).exit_code == 1
