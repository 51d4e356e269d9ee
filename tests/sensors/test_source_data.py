"""The source sensor: its judgement as a table, and its ticks over real files, store and instance."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from hq_assets.stages import source
from hq_assets.stages.spec import WorkloadSpec
from resources.home import HomeResource
from resources.store.resource import StoreResource
from sensors.source_data import (
    Action,
    Observation,
    Remembered,
    build_source_data_sensor,
    judge,
    observe_files,
    read_cursor,
    write_cursor,
)

# Dagster itself calls what it deprecates when a resource of a sensor has resources of its own.
pytestmark = pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run")

KNOWN = Remembered(seen="f1", since=50.0, known="f1", version="v1")
SEEN = Remembered(seen="f2", since=100.0, known="f1", version="v1")


@pytest.mark.parametrize(
    ("files", "recorded", "remembered", "now", "action", "after"),
    [
        ("f1", "v1", KNOWN, 100.0, Action.UNCHANGED, KNOWN),
        ("f2", "v1", KNOWN, 100.0, Action.WAIT, SEEN),
        ("f2", "v1", SEEN, 109.9, Action.WAIT, SEEN),
        ("f2", "v1", SEEN, 110.0, Action.READ, SEEN),
        # Files that grow start the waiting anew at each tick.
        ("f3", "v1", SEEN, 115.0, Action.WAIT, Remembered("f3", 115.0, "f1", "v1")),
        # A clock that went backwards starts the waiting anew.
        ("f2", "v1", SEEN, 99.0, Action.WAIT, Remembered("f2", 99.0, "f1", "v1")),
        # Changed and changed back before anything was read.
        ("f1", "v1", SEEN, 200.0, Action.UNCHANGED, Remembered("f1", 100.0, "f1", "v1")),
        # Somebody recorded another version: what was known no longer decides.
        ("f1", "v9", KNOWN, 100.0, Action.READ, KNOWN),
        (None, "v1", SEEN, 200.0, Action.MISSING, Remembered(None, 100.0, "f1", "v1")),
        ("f1", None, KNOWN, 200.0, Action.UNFILLED, Remembered()),
        (None, None, Remembered(), 200.0, Action.UNFILLED, Remembered()),
        # The first tick of all waits, however old the files are.
        ("f1", "v1", Remembered(), 1e9, Action.WAIT, Remembered("f1", 1e9)),
    ],
)
def test_the_judgement_follows_its_table(files, recorded, remembered, now, action, after):
    assert judge(Observation(files, recorded), remembered, now, 10.0) == (action, after)


PROBLEM = {
    "id_column": "id",
    "label_column": "class",
    "positive_label": "yes",
    "negative_label": "no",
    "features": {"x": "may_drift", "y": "fixed"},
    "train_rows": 10,
    "test_rows": 4,
    "encoding": {"name": "zz", "num_qubits": 2, "reps": 1, "entanglement": "linear"},
}


def workload(folder: Path, name: str = "w", sources=("*.csv",)) -> WorkloadSpec:
    return WorkloadSpec(
        name=name,
        folder=folder,
        sources=tuple(sources),
        kind="kernel_classification",
        problem=PROBLEM,
        profiles=(),
        default_profile=None,
        default_backend="ideal_aer",
        template_version="1.0.0",
        release_note="first",
    )


@dataclass
class Daemon:
    """Ticks as Dagster's daemon makes them: events are reported first, then the cursor is saved."""

    instance: dg.DagsterInstance
    home: Path
    specs: list
    now: float = 1000.0
    cursor: str | None = None
    reported: list = field(default_factory=list)

    @property
    def store(self):
        return StoreResource(home=HomeResource(folder=str(self.home)))

    def fill(self):
        """What `hq run` records."""
        for spec in self.specs:
            version = source.capture(spec, self.store.open()).data_version
            self.materialize(spec.name, version)

    def materialize(self, name, version):
        event = dg.AssetMaterialization([name, "source"], tags={"dagster/data_version": version})
        self.instance.report_runless_asset_event(event)

    def tick(self, seconds=15.0, killed_before_cursor=False):
        self.now += seconds
        sensor = build_source_data_sensor(self.specs, 10.0, clock=lambda: self.now)

        @dg.asset(key=["w", "source"], code_version="code-1")
        def _source(): ...

        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            resources={"store": self.store},
            definitions=dg.Definitions(assets=[_source]),
        ) as context:
            data = sensor.evaluate_tick(context)
        assert not data.run_requests
        for event in data.asset_events:
            self.instance.report_runless_asset_event(event)
            self.reported.append((event.asset_key.path[0], event.tags["dagster/data_version"]))
        if not killed_before_cursor:
            self.cursor = data.cursor
        return data

    def settle(self):
        return [self.tick() for _ in range(3)][-1]


@pytest.fixture
def daemon(tmp_path):
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "a.csv").write_text("x\n1\n")
    with dg.DagsterInstance.ephemeral() as instance:
        yield Daemon(instance, tmp_path / "home", [workload(folder)])


def file_of(daemon: Daemon) -> Path:
    return daemon.specs[0].folder / "a.csv"


def test_a_first_start_does_not_report_what_is_recorded(daemon):
    daemon.fill()
    daemon.settle()
    assert daemon.reported == []


def test_before_the_first_fill_nothing_is_read_or_reported(daemon):
    assert Action.UNFILLED.value in daemon.settle().skip_message
    assert daemon.reported == []


def test_new_content_is_reported_once_with_its_version_and_captured(daemon):
    daemon.fill()
    daemon.settle()
    file_of(daemon).write_text("x\n2\n")
    daemon.tick()
    assert daemon.reported == []
    data = daemon.tick()
    version = source.content_version(daemon.specs[0])
    assert daemon.reported == [("w", version)]
    assert data.asset_events[0].tags["dagster/code_version"] == "code-1"
    manifest = daemon.store.open().get_manifest(data.asset_events[0].metadata["manifest"].value)
    content = hashlib.sha256(file_of(daemon).read_bytes()).hexdigest()
    assert manifest["source_hashes"] == {"a.csv": content}
    assert (manifest["trigger"], manifest["stage"]) == ("sensor", "source")
    assert (manifest["data_version"], manifest["code_version"]) == (version, "code-1")
    assert manifest["null_reasons"]["dagster_run_id"] == "made outside a run"
    assert manifest["feature_contract"]["drift"] == {"x": "may_drift", "y": "fixed"}
    assert daemon.store.open().artifact("w", "source", version).tables["rows"].rows == 1
    daemon.settle()
    assert len(daemon.reported) == 1


def test_a_new_time_stamp_is_not_reported(daemon):
    daemon.fill()
    daemon.settle()
    os.utime(file_of(daemon), (1, 1))
    daemon.settle()
    assert daemon.reported == []


def test_a_copy_with_the_old_size_and_time_is_noticed(daemon):
    daemon.fill()
    daemon.settle()
    path = file_of(daemon)
    stat = path.stat()
    other = path.with_suffix(".new")
    other.write_text("x\n9\n")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    daemon.settle()
    assert len(daemon.reported) == 1


def test_a_file_that_grows_is_not_read_until_it_is_quiet(daemon):
    daemon.fill()
    daemon.settle()
    for line in range(5):
        with file_of(daemon).open("a") as file:
            file.write(f"{line}\n")
        daemon.tick()
        assert daemon.reported == []
    daemon.tick(5.0)
    assert daemon.reported == []
    daemon.tick(5.0)
    assert len(daemon.reported) == 1


def test_a_kill_between_report_and_cursor_does_not_report_twice(daemon):
    daemon.fill()
    daemon.settle()
    file_of(daemon).write_text("x\n2\n")
    daemon.tick()
    daemon.tick(killed_before_cursor=True)
    assert len(daemon.reported) == 1
    daemon.settle()
    assert len(daemon.reported) == 1


def test_what_a_run_recorded_in_the_meantime_is_not_reported(daemon):
    daemon.fill()
    daemon.settle()
    file_of(daemon).write_text("x\n2\n")
    daemon.fill()
    daemon.settle()
    assert daemon.reported == []


def test_the_cursor_survives_a_restart_and_a_broken_one_is_discarded(daemon):
    daemon.fill()
    daemon.settle()
    file_of(daemon).write_text("x\n2\n")
    daemon.tick()
    daemon.cursor = json.dumps(json.loads(daemon.cursor))
    daemon.tick()
    assert len(daemon.reported) == 1
    for broken in ("{", "[]", '{"version": 99, "workloads": {}}', '{"version": 1}', "null"):
        daemon.cursor = broken
        daemon.settle()
        assert read_cursor(daemon.cursor)["w"].known is not None
    assert len(daemon.reported) == 1


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"version": 2}', '{"version": 1}'])
def test_a_cursor_of_another_shape_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_cursor(text)


def test_a_cursor_is_read_as_it_was_written():
    assert read_cursor(write_cursor({"w": SEEN})) == {"w": SEEN}
    assert read_cursor(None) == {}


def test_files_that_vanish_are_said_and_their_return_is_not_a_change(daemon):
    daemon.fill()
    daemon.settle()
    text = file_of(daemon).read_text()
    file_of(daemon).unlink()
    assert Action.MISSING.value in daemon.tick().skip_message
    file_of(daemon).write_text(text)
    daemon.settle()
    assert daemon.reported == []


def test_a_file_that_cannot_be_read_stops_neither_the_others_nor_the_cursor(daemon, tmp_path):
    folder = tmp_path / "good"
    folder.mkdir()
    (folder / "b.csv").write_text("y\n1\n")
    daemon.specs.append(workload(folder, "good"))
    daemon.specs.append(workload(tmp_path, "malformed", sources=("/absolute/*.csv",)))
    daemon.specs[2:] = []
    daemon.fill()
    daemon.specs.append(workload(tmp_path, "malformed", sources=("/absolute/*.csv",)))
    daemon.materialize("malformed", "v0")
    daemon.settle()
    # Reading this file raises an input/output error, whoever reads it.
    (daemon.specs[0].folder / "bad.csv").symlink_to("/proc/self/mem")
    (folder / "b.csv").write_text("y\n2\n")
    said = daemon.settle().skip_message
    assert "w: skipped: " in said
    assert "malformed: skipped: " in said
    assert [name for name, _ in daemon.reported] == ["good"]
    assert set(read_cursor(daemon.cursor)) == {"w", "good", "malformed"}


def test_the_return_of_an_earlier_content_is_reported_again(daemon):
    daemon.fill()
    daemon.settle()
    first = source.content_version(daemon.specs[0])
    file_of(daemon).write_text("x\n2\n")
    daemon.settle()
    file_of(daemon).write_text("x\n1\n")
    daemon.settle()
    assert [version for _, version in daemon.reported][1:] == [first]


def test_content_that_changes_while_it_is_captured_is_not_reported(daemon, monkeypatch):
    daemon.fill()
    daemon.settle()
    file_of(daemon).write_text("x\n2\n")
    daemon.tick()
    capture = source.capture

    def interrupted(spec, store):
        artifact = capture(spec, store)
        file_of(daemon).write_text("x\n3\n")
        return artifact

    with monkeypatch.context() as patch:
        patch.setattr(source, "capture", interrupted)
        daemon.tick()
    assert daemon.reported == []
    daemon.settle()
    assert daemon.reported == [("w", source.content_version(daemon.specs[0]))]


def test_an_observation_reads_no_content(tmp_path):
    (tmp_path / "a.csv").symlink_to("/proc/self/mem")
    assert observe_files(workload(tmp_path)) is not None
    assert observe_files(workload(tmp_path, sources=("*.none",))) is None
