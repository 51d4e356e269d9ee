import shutil

import pytest
from click.testing import CliRunner

from hq_assets.cli.main import main
from hq_assets.cli.scaffold import ScaffoldProblem, begin_workload, workloads_folder
from hq_assets.components.file_check import check_file


@pytest.fixture
def folder(tmp_path):
    """A folder of workloads with one in it."""
    shutil.copytree(workloads_folder() / "cancer_screening", tmp_path / "cancer_screening")
    return tmp_path


def test_the_file_is_copied_with_its_comments_and_the_data_is_not(folder):
    begun = begin_workload("wine", "cancer_screening", folder)
    text = (folder / "wine" / "defs.yaml").read_text(encoding="utf-8")
    assert text.endswith((folder / "cancer_screening" / "defs.yaml").read_text(encoding="utf-8"))
    assert text.startswith("# Begun as a copy of cancer_screening")
    assert [path.name for path in (folder / "wine" / "data").iterdir()] == ["SOURCE.md"]
    check_file(begun.folder / "defs.yaml")


def test_the_next_steps_name_folder_and_commands(folder):
    steps = "\n".join(begin_workload("wine", "cancer_screening", folder).steps)
    for part in (str(folder / "wine" / "data"), "hq plan wine", "hq run wine", "add-a-workload.md"):
        assert part in steps


@pytest.mark.parametrize("name", ["Wine", "../wine", "platform", "wine-origin", ""])
def test_a_name_that_no_workload_may_have_is_refused_and_nothing_is_made(folder, name):
    with pytest.raises(ScaffoldProblem, match=r"use lower-case letters|used by the platform"):
        begin_workload(name, "cancer_screening", folder)
    assert [path.name for path in folder.iterdir()] == ["cancer_screening"]


def test_what_is_there_is_never_overwritten(folder):
    (folder / "wine").mkdir()
    (folder / "wine" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ScaffoldProblem, match="exists already"):
        begin_workload("wine", "cancer_screening", folder)
    assert [path.name for path in (folder / "wine").iterdir()] == ["notes.txt"]


def test_an_unknown_origin_is_refused_with_the_known_ones(folder):
    with pytest.raises(
        ScaffoldProblem, match=r"No workload is named 'beer'\. Known are: cancer_screening\."
    ):
        begin_workload("wine", "beer", folder)
    assert not (folder / "wine").exists()


def test_a_folder_that_cannot_be_filled_is_not_left_behind(folder, monkeypatch):
    (folder / "cancer_screening" / "defs.yaml").unlink()
    (folder / "cancer_screening" / "defs.yaml").mkdir()
    with pytest.raises(ScaffoldProblem, match="Nothing was left"):
        begin_workload("wine", "cancer_screening", folder)
    assert not (folder / "wine").exists()


def test_the_command_refuses_in_one_sentence():
    result = CliRunner().invoke(main, ["new", "foreign_circuits", "--from", "cancer_screening"])
    assert result.exit_code == 1
    assert "exists already" in result.output
    assert "Traceback" not in result.output
