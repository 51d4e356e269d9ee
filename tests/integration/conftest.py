"""A small project in a folder of its own, run through the functions behind `hq run` in this process."""

import io
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import dagster as dg
import pytest
import yaml
from rich.console import Console

from hq_assets.cli.instance import open_instance
from hq_assets.cli.outside import Choice
from hq_assets.cli.running import Plan, execute, make_plan, run_config
from hq_assets.components.discovery import load_workloads
from hq_assets.definitions import bind
from hq_assets.stages.request import RunRequest
from hq_assets.stages.spec import STAGES
from hq_assets.stages.standing import BLOCKING_CHECKS, DATA_VERSION_TAG
from resources.home import hq_home, project_root
from resources.ledger.jobs import Job, JobLedger
from resources.store.artifacts import ArtifactStore

WORKLOAD = "cancer_sample"
PACKAGE = "small_project"
ROWS = 60
PYPROJECT = f"""\
[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "{PACKAGE}"
defs_module = "{PACKAGE}.workloads"
"""


@dataclass(frozen=True)
class Outcome:
    """What one `hq run` did.

    Attributes:
        plan: What was stale and what was selected.
        success: Whether the run ended well; True where nothing was to run.
        text: What the person at the keyboard saw.
        made: Stages of the workload that were computed.
        reused: Stages that were taken from the store.
    """

    plan: Plan
    success: bool
    text: str
    made: frozenset[str]
    reused: frozenset[str]


@dataclass(frozen=True)
class Project:
    """A project folder with one workload; its state is the `HQ_HOME` in force.

    Attributes:
        root: Folder with the pyproject.toml.
    """

    root: Path

    @property
    def folder(self) -> Path:
        """The workload's folder."""
        return self.root / PACKAGE / "workloads" / WORKLOAD

    @property
    def defs(self) -> Path:
        """The workload's defs.yaml."""
        return self.folder / "defs.yaml"

    @property
    def data(self) -> Path:
        """The workload's only source file."""
        return self.folder / "data" / "rows.csv"

    def edit(self, path: str, value: object) -> None:
        """Set one value of the defs.yaml, e.g. `problem.encoding.reps`."""
        document = yaml.safe_load(self.defs.read_text(encoding="utf-8"))
        *keys, last = path.split(".")
        node = document["attributes"]
        for key in keys:
            node = node.setdefault(key, {})
        node[last] = value
        self.defs.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def load(self):
        """The project's definitions, bound to the resources of its environment, and its workloads."""
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        sys.path.insert(0, str(self.root))
        try:
            loaded = load_workloads(self.root)
        finally:
            sys.path.remove(str(self.root))
        return bind(loaded), loaded.specs

    def run(
        self,
        backend: str | None = None,
        profile: str | None = None,
        *,
        stages: Sequence[str] | None = None,
        echo: TextIO | None = None,
    ) -> Outcome:
        """Do what `hq run` does.

        Args:
            backend: As `--backend`.
            profile: As `--profile`.
            stages: Materialize these, whatever the plan says, as a person at the launchpad may.
            echo: Where the progress is written while it happens; by default it is only in the outcome.
        """
        with open_instance() as instance:
            definitions, specs = self.load()
            choice = Choice(backend=backend, profile=profile)
            plan = make_plan(instance, definitions, specs, choice)
            if stages is not None:
                chosen = [dg.AssetKey([WORKLOAD, stage]) for stage in stages]
                plan = Plan(plan.reasons, chosen, plan.forces)
            if not plan.selection:
                return Outcome(plan, success=True, text="", made=frozenset(), reused=frozenset())
            text = echo or io.StringIO()
            config = run_config(specs, plan.selection, choice)
            console = Console(file=text, width=1000)
            success = execute(
                console, instance, definitions, plan, config, RunRequest(trigger="CLI")
            )
            hits = cache_hits(instance)
        return Outcome(
            plan,
            success,
            text.getvalue() if isinstance(text, io.StringIO) else "",
            made=frozenset(stage for stage, hit in hits.items() if not hit),
            reused=frozenset(stage for stage, hit in hits.items() if hit),
        )


def cache_hits(instance: dg.DagsterInstance) -> dict[str, bool]:
    """Stage → whether the latest run took it from the store, for the stages that it materialized."""
    run_id = instance.get_run_records(limit=1)[0].dagster_run.run_id
    found = {}
    for stage in STAGES:
        event = instance.get_latest_materialization_event(dg.AssetKey([WORKLOAD, stage]))
        if event is not None and event.run_id == run_id:
            metadata = event.asset_materialization.metadata
            found[stage] = bool(metadata["cache_hit"].value)
    return found


def data_versions() -> dict[str, str]:
    """Stage → data version of its latest materialization, under the `HQ_HOME` in force."""
    with open_instance() as instance:
        records = {
            stage: instance.get_latest_materialization_event(dg.AssetKey([WORKLOAD, stage]))
            for stage in STAGES
        }
    return {
        stage: record.asset_materialization.tags[DATA_VERSION_TAG]
        for stage, record in records.items()
        if record is not None
    }


@pytest.fixture
def versions():
    """Reads stage → data version of the latest materializations."""
    return data_versions


def make_project(root: Path) -> Project:
    """Write the small project: its defs.yaml, and the first rows of the real data."""
    project = Project(root)
    project.data.parent.mkdir(parents=True)
    for package in (project.root / PACKAGE, project.root / PACKAGE / "workloads"):
        (package / "__init__.py").write_text('"""A project of its own."""\n', encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    shutil.copy(Path(__file__).with_name("small_defs.yaml"), project.defs)
    source = project_root() / "hq_assets" / "workloads" / "cancer_screening" / "data" / "wdbc.csv"
    with source.open(encoding="utf-8", newline="") as file:
        lines = file.readlines()
    project.data.write_text("".join(lines[: ROWS + 1]), encoding="utf-8")
    return project


@dataclass(frozen=True)
class State:
    """What the `HQ_HOME` in force holds, read without running anything."""

    @property
    def store(self) -> ArtifactStore:
        """The artifact store."""
        return ArtifactStore(hq_home() / "store")

    def jobs(self) -> list[Job]:
        """Every job of the ledger."""
        ledger = JobLedger(f"sqlite:///{hq_home() / 'ledger.sqlite'}")
        ledger.migrate()
        return ledger.jobs()

    def materialization(self, stage: str) -> dg.AssetMaterialization:
        """The latest materialization of a stage."""
        with open_instance() as instance:
            event = instance.get_latest_materialization_event(dg.AssetKey([WORKLOAD, stage]))
        return event.asset_materialization

    def manifest(self, stage: str) -> dict:
        """The manifest of a stage's latest materialization."""
        return self.store.get_manifest(self.materialization(stage).metadata["manifest"].value)

    def verify(self) -> int:
        """Read every blob of every committed version against its hash; returns the number of versions."""
        store, count = self.store, 0
        for stage in STAGES:
            for version, _ in store.versions(WORKLOAD, stage):
                artifact = store.artifact(WORKLOAD, stage, version)
                assert store.missing_blobs(artifact) == []
                for entry in (*artifact.tables.values(), *artifact.blobs.values()):
                    store.verify_blob(entry.ref)
                count += 1
        return count

    def unchecked(self) -> list[str]:
        """Blocking checks that did not judge, and pass, the version that their stage has now."""
        found = []
        with open_instance() as instance:
            for stage in STAGES:
                key = dg.AssetKey([WORKLOAD, stage])
                records = instance.fetch_materializations(key, limit=50).records
                version = {
                    record.storage_id: record.asset_materialization.tags[DATA_VERSION_TAG]
                    for record in records
                }
                now = version[records[0].storage_id]
                for name in BLOCKING_CHECKS:
                    check = dg.AssetCheckKey(key, name)
                    record = instance.get_latest_asset_check_evaluation_record(check)
                    if record is None:
                        continue
                    verdict = record.evaluation
                    judged = getattr(verdict, "target_materialization_data", None)
                    if judged is None or version[judged.storage_id] != now or not verdict.passed:
                        found.append(f"{stage}:{name}")
        return found


@pytest.fixture
def state() -> State:
    """Reads the `HQ_HOME` in force."""
    return State()


@pytest.fixture
def project(tmp_path) -> Project:
    """The small project, never run."""
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """Home of a project that ran once, undisturbed; tests copy it."""
    folder = tmp_path_factory.mktemp("finished")
    project = make_project(folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HQ_HOME", str(folder / "home"))
        patch.delenv("DAGSTER_HOME", raising=False)
        outcome = project.run()
    assert outcome.success, outcome.text
    return folder


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> dict[str, str]:
    """Stage → data version after a run of profile `sampled` that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    project = make_project(folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HQ_HOME", str(folder / "home"))
        patch.delenv("DAGSTER_HOME", raising=False)
        outcome = project.run(profile="sampled")
        assert outcome.success, outcome.text
        return data_versions()


@pytest.fixture
def ran(finished, tmp_path, monkeypatch) -> Project:
    """The small project after one complete run, with a state of its own."""
    shutil.copytree(finished / "home", tmp_path / "home")
    shutil.copytree(finished / "project", tmp_path / "project")
    monkeypatch.setenv("HQ_HOME", str(tmp_path / "home"))
    return Project(tmp_path / "project")
