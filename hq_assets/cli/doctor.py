"""`hq doctor`: whether this installation can work, and what to do where it cannot."""

import importlib.metadata
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from resources.home import hq_environment, hq_home, project_root

PROJECT = "hybrid-quantum-platform"
PYTHON = (3, 11)
LOW_BYTES = 5 * 2**30
"""Below this much free space a person should know; a year of nightly runs takes about as much."""
LEAST_BYTES = 500 * 2**20
"""Below this much free space one large run may not fit."""

State = Literal["ok", "info", "warn", "fail"]
COLOURS: dict[State, str] = {"ok": "green", "info": "cyan", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True)
class Finding:
    """What one examination found.

    Attributes:
        subject: What was examined.
        state: ok, info, warn (works, but look) or fail (does not work).
        found: What is there.
        remedy: What to do; empty where nothing is to be done.
    """

    subject: str
    state: State
    found: str
    remedy: str = ""


Examination = Callable[[], Iterator[Finding]]


def examine(examinations: Sequence[tuple[str, str, Examination]] | None = None) -> list[Finding]:
    """All findings, in order; what an examination raises is a finding too.

    Args:
        examinations: Subject, remedy where the examination itself fails, and the examination; by default all.
    """
    findings = []
    for subject, remedy, look in EXAMINATIONS if examinations is None else examinations:
        try:
            findings.extend(look())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is what the person must know
            reason = str(error).strip() or type(error).__name__
            findings.append(Finding(subject, "fail", reason, remedy))
    return findings


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print the findings as a table."""
    table = Table("examined", "state", "found", "what to do")
    for finding in findings:
        colour = COLOURS[finding.state]
        state = f"[{colour}]{finding.state}[/{colour}]"
        table.add_row(finding.subject, state, escape(finding.found), escape(finding.remedy))
    console.print(table)
    failed = sum(finding.state == "fail" for finding in findings)
    console.print(f"{failed} of {len(findings)} examinations failed." if failed else "This works.")


def python_version() -> Iterator[Finding]:
    """The interpreter."""
    found = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro} at {sys.executable}"
    wanted = ".".join(map(str, PYTHON))
    if sys.version_info[:2] == PYTHON:
        yield Finding("Python", "ok", found)
    else:
        remedy = f"Install Python {wanted}, remove .venv and run `make setup`."
        yield Finding("Python", "fail", found, remedy)


def packages() -> Iterator[Finding]:
    """The packages that the project names itself, against the lock file."""
    lock = project_root() / "requirements.lock"
    if not lock.exists():
        yield Finding("packages", "warn", f"no {lock}", "Compare the versions by hand.")
        return
    yield compare_packages(locked_versions(lock), direct_dependencies())


def locked_versions(lock: Path) -> dict[str, str]:
    """Package → version in a lock file."""
    text = lock.read_text(encoding="utf-8")
    return dict(
        re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\;]+)", text, flags=re.MULTILINE)
    )


def direct_dependencies() -> list[str]:
    """Packages that the project cannot work without, extras left out."""
    required = importlib.metadata.requires(PROJECT) or []
    names = [re.match(r"[A-Za-z0-9._-]+", entry) for entry in required if "extra ==" not in entry]
    return [name.group() for name in names if name]


def compare_packages(locked: dict[str, str], names: Sequence[str]) -> Finding:
    """Installed against locked versions; a missing package is a failure, another version a warning."""
    missing, different = [], []
    for name in names:
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        wanted = locked.get(name)
        if installed != wanted:
            different.append(f"{name} {installed} (locked: {wanted or 'nothing'})")
    if missing:
        return Finding("packages", "fail", f"missing: {', '.join(missing)}", "Run `make setup`.")
    if different:
        remedy = (
            "Run `make setup`; other versions are other code versions, so results are recomputed."
        )
        return Finding("packages", "warn", ", ".join(different), remedy)
    return Finding("packages", "ok", f"{len(names)} direct dependencies as locked")


def home() -> Iterator[Finding]:
    """The folder of all state: can it be written, and does it have room."""
    folder = hq_home()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0" * 4096)
        file.flush()
        os.fsync(file.fileno())
    yield Finding("state folder", "ok", f"{folder} can be written")
    yield judge_space(shutil.disk_usage(folder).free)


def judge_space(free: int) -> Finding:
    """Whether so many free bytes are enough."""
    found = f"{free / 2**30:.1f} GiB free"
    if free < LEAST_BYTES:
        return Finding(
            "disk space", "fail", found, "Free the disk, or set HQ_HOME to a larger one."
        )
    if free < LOW_BYTES:
        return Finding("disk space", "warn", found, "Free the disk soon.")
    return Finding("disk space", "ok", found)


def dagster_instance() -> Iterator[Finding]:
    """Dagster's own state."""
    from hq_assets.cli.instance import open_instance

    with open_instance() as instance:
        yield Finding("Dagster instance", "ok", f"{instance.get_runs_count()} runs recorded")


def ledger() -> Iterator[Finding]:
    """The job ledger, migrated to the schema of this code."""
    from resources.ledger.jobs import JobLedger

    file = hq_home() / "ledger.sqlite"
    JobLedger(f"sqlite:///{file}").migrate()
    yield Finding("job ledger", "ok", f"{file} has the schema of this version")


def definitions() -> Iterator[Finding]:
    """Every workload file, and everything that Dagster is to show."""
    from hq_assets.components.discovery import load_workloads
    from hq_assets.definitions import bind

    loaded = load_workloads()
    keys = bind(loaded).resolve_asset_graph().get_all_asset_keys()
    names = ", ".join(spec.name for spec in loaded.specs)
    yield Finding("definitions", "ok", f"{len(keys)} assets of {names}")


def backends() -> Iterator[Finding]:
    """Each backend with a name of its own and the chosen one: it opens and says what circuits must look like."""
    from resources.backends.contract import BackendPlace
    from resources.backends.resource import ENVIRONMENT_VARIABLE
    from resources.environments import SIMULATORS, resources_for
    from resources.store.artifacts import ArtifactStore

    resource: Any = resources_for(hq_environment())["backend"]
    place = BackendPlace(blobs=ArtifactStore(str(hq_home() / "store")), spool=hq_home() / "spool")
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    # The noisy devices share one adapter: opening all of them would take long and say little more.
    for name in dict.fromkeys((*SIMULATORS, *([chosen] if chosen else []))):
        subject = f"backend {name}"
        try:
            backend = resource.open(name, place)
            found = (
                f"{backend.target().num_qubits} qubits, target {backend.target_fingerprint()[:12]}"
            )
        except Exception as error:  # noqa: BLE001 - one backend that is down says nothing of the others
            remedy = "Correct its settings in resources/environments.py, or choose another backend."
            yield Finding(subject, "fail", str(error), remedy)
        else:
            yield Finding(subject, "ok", found)


def browser() -> Iterator[Finding]:
    """Chromium, which only the browser tests need."""
    found = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if all(found):
        yield Finding("Chromium", "info", str(found[0]))
    else:
        remedy = "For the browser tests: install the packages chromium and chromium-driver."
        yield Finding("Chromium", "info", "absent; only the browser tests need it", remedy)


EXAMINATIONS: Sequence[tuple[str, str, Examination]] = (
    ("Python", "Install Python 3.11.", python_version),
    ("packages", "Run `make setup`.", packages),
    (
        "state folder",
        "Give this user the right to write there, or set HQ_HOME to another folder.",
        home,
    ),
    ("Dagster instance", "Look at dagster/dagster.yaml below the state folder.", dagster_instance),
    ("job ledger", "Look at the ledger's file; never delete it while jobs live.", ledger),
    (
        "definitions",
        "Correct the file that is named; docs/add-a-workload.md explains every key.",
        definitions,
    ),
    ("backends", "Set HQ_ENVIRONMENT to an environment that exists.", backends),
    ("Chromium", "", browser),
)
"""Subject, what to do if the examination itself fails, and the examination."""
