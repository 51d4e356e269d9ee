"""Sensor `source_data`: reports source files with new content, once they have been quiet.

It requests no run: what depends on a reported source reruns by the stages' own condition. A report is
compared with the latest materialization before it is made, so that neither a restart nor a kill between
report and cursor reports a content twice.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any

import dagster as dg

from hq_assets.problems.contract import DataError
from hq_assets.stages import source
from hq_assets.stages.columns import column_schema
from hq_assets.stages.manifest_facts import source_hashes
from hq_assets.stages.provenance import reported_manifest
from hq_assets.stages.spec import WorkloadSpec
from resources.store.artifact import Artifact
from resources.store.errors import StoreError
from sensors.materialized import CODE_VERSION_TAG, DATA_VERSION_TAG, latest_materialization

CURSOR_VERSION = 1
INTERVAL_SECONDS = 15
READING_SECONDS = 30.0
"""After so long in one tick no further workload is read; Dagster ends an evaluation after 60 s."""


class Action(Enum):
    """What a tick does with one workload; the value says why."""

    UNFILLED = "not materialized yet; `hq run` makes the first fill"
    MISSING = "no source file matches"
    WAIT = "files changed; waiting until they are quiet"
    READ = "quiet; reading the content"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Observation:
    """What can be seen without reading a file.

    Attributes:
        files: Hash of names, sizes and times of all source files; None if there is no file.
        recorded: Data version of the latest materialization; None if there is none.
    """

    files: str | None
    recorded: str | None


@dataclass(frozen=True)
class Remembered:
    """What the cursor keeps of one workload.

    Attributes:
        seen: `files` of the last tick.
        since: When `seen` was first seen, in seconds since the epoch.
        known: `files` whose content was read last.
        version: Data version of that content.
    """

    seen: str | None = None
    since: float = 0.0
    known: str | None = None
    version: str | None = None


def judge(
    observation: Observation, remembered: Remembered, now: float, quiet_seconds: float
) -> tuple[Action, Remembered]:
    """Decide what to do with one workload and what to remember of it.

    Args:
        observation: What is seen.
        remembered: What the last tick left.
        now: Seconds since the epoch; a clock that went backwards starts the waiting anew.
        quiet_seconds: How long nothing may change before the content is read.
    """
    files = observation.files
    if observation.recorded is None:
        return Action.UNFILLED, Remembered()
    if files is None:
        return Action.MISSING, replace(remembered, seen=None)
    if files == remembered.known and observation.recorded == remembered.version:
        return Action.UNCHANGED, replace(remembered, seen=files)
    if files != remembered.seen or now < remembered.since:
        return Action.WAIT, replace(remembered, seen=files, since=now)
    if now - remembered.since < quiet_seconds:
        return Action.WAIT, remembered
    return Action.READ, remembered


def observe_files(spec: WorkloadSpec) -> str | None:
    """Hash of name, size and times of each source file, or None if there is none.

    The time of the last change of the inode is part of it: a copy can keep size and modification
    time of the file that it replaces.
    """
    rows = []
    for path in source.source_paths(spec):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # gone since it was listed; the next tick sees other files
        rows.append([str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns])
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest() if rows else None


def read_cursor(text: str | None) -> dict[str, Remembered]:
    """Workload → what was remembered.

    Raises:
        ValueError: The cursor is not one of this version.
    """
    if not text:
        return {}
    try:
        document = json.loads(text)
        if document["version"] != CURSOR_VERSION:
            message = f"cursor version {document['version']}, not {CURSOR_VERSION}"
            raise ValueError(message)
        return {name: Remembered(**entry) for name, entry in document["workloads"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        message = f"cursor of another shape: {error}"
        raise ValueError(message) from error


def write_cursor(remembered: Mapping[str, Remembered]) -> str:
    """The cursor as text."""
    workloads = {name: asdict(entry) for name, entry in remembered.items()}
    return json.dumps({"version": CURSOR_VERSION, "workloads": workloads}, sort_keys=True)


def build_source_data_sensor(
    specs: Sequence[WorkloadSpec],
    quiet_seconds: float = 10,
    clock: Callable[[], float] = time.time,
) -> dg.SensorDefinition:
    """The sensor over the source files of all workloads.

    Args:
        specs: The workloads.
        quiet_seconds: How long the files of a workload must stay as they are before they are read.
        clock: Seconds since the epoch.
    """

    @dg.sensor(
        name="source_data",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"store"},
        description="Reports source files with new content once they are quiet; requests no run.",
    )
    def _source_data(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return _Tick(context, quiet_seconds, clock).over(specs)

    return _source_data


class _Tick:
    """One evaluation over all workloads."""

    def __init__(
        self,
        context: dg.SensorEvaluationContext,
        quiet_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._context = context
        self._quiet_seconds = quiet_seconds
        self._clock = clock
        self._read_until = time.monotonic() + READING_SECONDS
        self._reports: list[dg.AssetMaterialization] = []

    def over(self, specs: Sequence[WorkloadSpec]) -> dg.SensorResult:
        known = self._remembered()
        kept: dict[str, Remembered] = {}
        words = []
        for spec in specs:
            before = known.get(spec.name, Remembered())
            try:
                said, kept[spec.name] = self._look(spec, before)
            except (DataError, StoreError, OSError) as error:
                # One workload must not stop the others; a fault of the program fails the tick.
                kept[spec.name] = before
                said = f"skipped: {error}"
                self._context.log.warning("%s/source %s", spec.name, said)
            words.append(f"{spec.name}: {said}")
        return dg.SensorResult(
            skip_reason="; ".join(words) or "no workload is declared",
            cursor=write_cursor(kept),
            asset_events=self._reports,
        )

    def _remembered(self) -> dict[str, Remembered]:
        try:
            return read_cursor(self._context.cursor)
        except ValueError as error:
            self._context.log.warning(
                "The cursor was discarded and the waiting begins anew: %s", error
            )
            return {}

    def _look(self, spec: WorkloadSpec, before: Remembered) -> tuple[str, Remembered]:
        latest = latest_materialization(self._context.instance, _key(spec))
        observation = Observation(observe_files(spec), latest.data_version if latest else None)
        action, after = judge(observation, before, self._clock(), self._quiet_seconds)
        if action is not Action.READ:
            return action.value, after
        if time.monotonic() > self._read_until:
            return "quiet; read in the next tick", after
        return self._read(spec, observation, after)

    def _read(
        self, spec: WorkloadSpec, observation: Observation, before: Remembered
    ) -> tuple[str, Remembered]:
        """Compare the content with the recorded one; report it if it is new and held still."""
        version = source.content_version(spec)
        artifact = None
        if version != observation.recorded and observe_files(spec) == observation.files:
            artifact = source.capture(spec, self._context.resources.store.open())
            version = artifact.data_version
        files = observe_files(spec)
        if files != observation.files:
            moved = replace(before, seen=files, since=self._clock())
            return "files changed while they were read; waiting again", moved
        after = replace(before, known=files, version=version)
        # A run may have recorded the same content while it was read here.
        latest = latest_materialization(self._context.instance, _key(spec))
        if artifact is None or (latest is not None and latest.data_version == version):
            return "the content is the recorded one", after
        self._reports.append(self._report(spec, artifact))
        return f"reported version {version[:12]}", after

    def _report(self, spec: WorkloadSpec, artifact: Artifact) -> dg.AssetMaterialization:
        rows = artifact.tables["rows"]
        tags = {DATA_VERSION_TAG: artifact.data_version}
        code_version = self._code_version(_key(spec))
        manifest = {}
        if code_version is not None:
            tags[CODE_VERSION_TAG] = code_version
            manifest["manifest"] = self._manifest(spec, artifact, code_version)
        metadata: dict[str, Any] = {
            **manifest,
            "dagster/row_count": rows.rows,
            "dagster/column_schema": column_schema(rows.columns),
            "data_version": artifact.data_version[:16],
            "reported_by": "sensor source_data",
        }
        return dg.AssetMaterialization(
            asset_key=_key(spec),
            description="New content of the source files, captured outside a run.",
            metadata=metadata,
            tags=tags,
        )

    def _manifest(self, spec: WorkloadSpec, artifact: Artifact, code_version: str) -> str:
        """Reference of the stored manifest of a report."""
        store = self._context.resources.store.open()
        known = {
            "source_hashes": source_hashes(store, artifact),
            "requested_by": "sensor source_data",
        }
        return store.put_manifest(reported_manifest(spec, artifact, code_version, known))

    def _code_version(self, key: dg.AssetKey) -> str | None:
        """Code version of the loaded asset, so that `hq plan` does not take the report for stale."""
        repository = self._context.repository_def
        graph = repository.asset_graph if repository is not None else None
        return graph.get(key).code_version if graph is not None and graph.has(key) else None


def _key(spec: WorkloadSpec) -> dg.AssetKey:
    return dg.AssetKey([spec.name, source.STAGE])
