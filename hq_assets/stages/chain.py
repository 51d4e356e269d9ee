"""How every stage becomes an asset: resolve inputs, refuse or reuse, compute, commit, describe.

The stage modules hold what differs; this module holds what is the same for all of them. A stage never
knows a problem kind: it calls the kind's verbs by name.
"""

import hashlib
import importlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg

from hq_assets.problems.contract import SCHEMA_VERSION, DataError, KindSettings
from hq_assets.stages.automation import stage_condition
from hq_assets.stages.columns import column_schema
from hq_assets.stages.rendering import rounded
from hq_assets.stages.spec import ROOTS, UPSTREAM, ProfileSpec, WorkloadSpec
from hq_assets.stages.standing import (
    last_blocking_failure,
    materialization_id,
    unfinished_checks,
)
from resources.backends.contract import Backend, BackendError, BackendPlace
from resources.store.artifact import Artifact, BlobEntry, TableEntry

VERB_OF: Mapping[str, str] = {
    "cleaned_features": "clean",
    "encoded_inputs": "encode",
    "compiled_circuits": "construct_circuits",
    "normalized_results": "combine_results",
    "baselines": "solve_classically",
    "decisions": "decide",
}
"""Stage → the verb of the problem kind that it calls."""


@dataclass(frozen=True)
class Produced:
    """What a stage computed.

    Attributes:
        tables: Name → Polars frame (lazy or not); the main one is named `rows`.
        documents: Name → JSON-able value that is content (transforms, reports), stored as a blob.
        blobs: Other files of the artifact, already stored.
        facts: Small canonical JSON values that are content.
        volatile: Columns that stand in the table but are not content (ids of one run).
        manifest: Manifest fields known to this stage.
        metadata: Numbers about this execution (not the content), for plots.
        committed: The artifact, where the stage commits it itself; then nothing else is stored.
    """

    tables: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, Any] = field(default_factory=dict)
    blobs: Mapping[str, BlobEntry] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    volatile: Sequence[str] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    committed: Artifact | None = None


@dataclass(frozen=True)
class StageCall:
    """Everything that a stage may use while it computes.

    Attributes:
        spec: The workload.
        stage: Name of the stage.
        context: Dagster's execution context.
        inputs: Upstream stage → the artifact version resolved once when the step started.
    """

    spec: WorkloadSpec
    stage: str
    context: dg.AssetExecutionContext
    inputs: Mapping[str, Artifact]

    @cached_property
    def store(self) -> Any:
        """The artifact store of this environment."""
        return self.context.resources.store.open()

    @cached_property
    def profile(self) -> ProfileSpec:
        """The profile that the profile asset holds."""
        return ProfileSpec.from_facts(self.inputs["profile"].facts)

    @cached_property
    def settings(self) -> KindSettings:
        """The kind's settings with the profile's overrides."""
        overrides = self.profile.overrides if "profile" in self.inputs else {}
        return kind_settings(self.spec, overrides)

    @cached_property
    def backend(self) -> Backend:
        """The backend that the target asset recorded.

        Raises:
            dagster.Failure: The launchpad names another backend than the recorded one.
        """
        recorded = self.inputs["target"].facts["backend"]
        resource = self.context.resources.backend
        chosen = resource.explicit()
        if chosen is not None and chosen != recorded:
            message = (
                f"This run chose backend '{chosen}', but {self.spec.name}/target records '{recorded}'. "
                f"Add {self.spec.name}/target to the selection, so that the switch is recorded."
            )
            raise dg.Failure(message, allow_retries=False)
        return self.open_backend(recorded)

    def open_backend(self, name: str) -> Backend:
        """Open a declared backend by name."""
        home = self.context.resources.home
        place = BackendPlace(blobs=self.store, spool=home.path("spool"))
        return self.context.resources.backend.open(name, place)

    def verb(self) -> Callable[..., Any]:
        """The function of the workload's problem kind for this stage."""
        name = VERB_OF[self.stage]
        module = importlib.import_module(f"hq_assets.problems.{self.spec.kind}.{name}")
        return getattr(module, name)

    def scan(self, stage: str, table: str = "rows") -> Any:
        """Lazy frame over a table of an input."""
        return self.store.scan_table(self.inputs[stage].tables[table])

    def document(self, artifact: Artifact, name: str) -> Any:
        """A JSON document of an artifact."""
        return json.loads(self.store.get_blob(artifact.blobs[name].ref))


@dataclass(frozen=True)
class Recipe:
    """How a stage makes its content; fields as the arguments of `stage_asset`."""

    code_version: str
    compute: Callable[[StageCall], Produced]
    describe: Callable[[StageCall, Artifact], Mapping[str, Any]]
    reusable: Callable[[StageCall, Artifact], bool] | None = None


def kind_settings(spec: WorkloadSpec, overrides: Mapping[str, Any]) -> KindSettings:
    """Validated settings of the workload's kind with a profile's overrides merged in, key by key."""
    return kind_class(spec).model_validate(merge(spec.problem, overrides))


def kind_class(spec: WorkloadSpec) -> type[KindSettings]:
    """The class of the settings of the workload's kind."""
    return importlib.import_module(f"hq_assets.problems.{spec.kind}.settings").Settings


def merge(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Deep merge: mappings key by key, everything else replaced."""
    merged = dict(base)
    for key, value in overrides.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if both else value  # pyright: ignore[reportArgumentType]
    return merged


def stage_asset(
    spec: WorkloadSpec,
    stage: str,
    *,
    code_version: str,
    description: str,
    kinds: set[str],
    compute: Callable[[StageCall], Produced],
    describe: Callable[[StageCall, Artifact], Mapping[str, Any]],
    pool: str | None = None,
    config_schema: Mapping[str, Any] | None = None,
    reusable: Callable[[StageCall, Artifact], bool] | None = None,
) -> dg.AssetsDefinition:
    """Build the asset `<workload>/<stage>` around a compute function.

    Args:
        spec: The workload.
        stage: Name of the stage.
        code_version: Hash of the code and settings that make the stage.
        description: One sentence for the UI: what the asset holds, with unit and axes.
        kinds: Icons in the UI.
        compute: Makes the content from resolved inputs.
        describe: Metadata for people, from the stored content alone, so that a cache hit looks the same.
        pool: Concurrency pool, if the stage occupies a backend.
        config_schema: Launchpad settings of the stage, if it has any.
        reusable: Whether a version of the same identity may be used again; by default it may.
    """
    recipe = Recipe(code_version, compute, describe, reusable)

    @dg.asset(
        key=[spec.name, stage],
        ins={name: dg.AssetIn(key=[spec.name, name]) for name in UPSTREAM[stage]},
        group_name=spec.name,
        description=description,
        owners=list(spec.owners),
        kinds=kinds,
        tags={**spec.tags, "hq/stage": stage, "hq/kind": spec.kind},
        code_version=code_version,
        required_resource_keys={"store", "home", "backend", "ledger"},
        automation_condition=stage_condition(spec.name, stage),
        pool=pool,
        config_schema=dict(config_schema) if config_schema else None,
        output_required=stage != "raw_counts",
    )
    def _stage(context: dg.AssetExecutionContext, **inputs: Artifact) -> dg.MaterializeResult:
        call = StageCall(spec=spec, stage=stage, context=context, inputs=inputs)
        refuse_failed_inputs(call)
        return materialize(call, recipe)

    return _stage


def refuse_failed_inputs(call: StageCall) -> None:
    """Stop before work on inputs whose last blocking check failed, whatever started the run.

    Raises:
        dagster.Failure: Names the input and the check's reason.
    """
    instance = call.context.instance
    for name, artifact in call.inputs.items():
        key = dg.AssetKey([call.spec.name, name])
        storage_id = materialization_id(instance, key, artifact.data_version)
        reason = last_blocking_failure(instance, key, storage_id)
        if reason is not None:
            message = (
                f"{call.spec.name}/{name} did not pass its blocking check ({reason}). "
                f"Correct its source or settings and materialize {call.spec.name}/{name} first."
            )
            raise dg.Failure(message, allow_retries=False)
        unfinished = unfinished_checks(instance, key)
        if unfinished:
            message = (
                f"The checks of {call.spec.name}/{name} did not end ({', '.join(unfinished)}). "
                f"Materialize {call.spec.name}/{name} again, so that they are made."
            )
            raise dg.Failure(message, allow_retries=False)


def materialize(call: StageCall, recipe: Recipe) -> dg.MaterializeResult:
    """Reuse the version of this identity if the store has it, else compute and commit; then describe."""
    from hq_assets.stages.provenance import manifest_of, reused_manifest

    started = time.perf_counter()
    identity = stage_identity(call, recipe.code_version)
    known = find_reusable(call, recipe, identity)
    if known is not None:
        artifact, origin_ref = known
        seconds = time.perf_counter() - started
        document = reused_manifest(call, origin_ref, recipe.code_version)
        execution: Mapping[str, Any] = {}
    else:
        artifact, produced = run_compute(call, recipe.compute)
        seconds = time.perf_counter() - started
        document = manifest_of(call, artifact, produced.manifest, recipe.code_version, seconds)
        execution = produced.metadata
    manifest_ref = call.store.put_manifest(document)
    if known is None:
        call.store.record_identity(identity, artifact, manifest_ref)
    metadata = {
        **common_metadata(call, artifact),
        **recipe.describe(call, artifact),
        **execution,
        "seconds": seconds,
        "cache_hit": known is not None,
        "data_version": artifact.data_version[:16],
        "manifest": manifest_ref,
    }
    return dg.MaterializeResult(
        value=artifact,
        data_version=dg.DataVersion(artifact.data_version),
        metadata=rounded(metadata),
    )


def find_reusable(call: StageCall, recipe: Recipe, identity: str) -> tuple[Artifact, str] | None:
    """The version that this identity gave before and its manifest, if it may be used again.

    What comes from outside is never reused: its content is what it is now.
    """
    record = None if call.stage in ROOTS else call.store.find_identity(identity)
    if record is None:
        return None
    artifact = call.store.artifact(call.spec.name, call.stage, record.data_version)
    if recipe.reusable is not None and not recipe.reusable(call, artifact):
        return None
    return artifact, record.manifest_ref


def run_compute(
    call: StageCall, compute: Callable[[StageCall], Produced]
) -> tuple[Artifact, Produced]:
    """Run a stage's own code and commit; errors that a retry cannot mend are marked so.

    Raises:
        dagster.Failure: Bad data or a refusal of the backend, with the reason; never retried by Dagster.
    """
    try:
        produced = compute(call)
        return produced.committed or commit(call, produced), produced
    except DataError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    except BackendError as error:
        metadata = {"error_class": error.error_class}
        raise dg.Failure(str(error), metadata=metadata, allow_retries=False) from error


def stage_identity(call: StageCall, code_version: str) -> str:
    """Hash of all that decides a stage's content: code, inputs, and the settings that it reads."""
    inputs = {n: a.data_version for n, a in call.inputs.items() if n != "profile"}
    body = {
        "workload": call.spec.name,
        "stage": call.stage,
        "code_version": code_version,
        "inputs": inputs,
        "settings": effective_settings(call),
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def effective_settings(call: StageCall) -> dict[str, Any]:
    """The part of problem and profile that this stage reads, with the profile's overrides applied."""
    if "profile" not in call.inputs:
        return {}
    part: dict[str, Any] = {"seeds": list(call.profile.seeds)}
    if call.stage in VERB_OF:
        part["problem"] = call.settings.part_for(VERB_OF[call.stage])
    if call.stage in ("job_receipts", "decisions"):
        part["profile"] = {
            "name": call.profile.name,
            "method": call.profile.method,
            "shots": call.profile.shots,
        }
    return part


def commit(call: StageCall, produced: Produced) -> Artifact:
    """Store tables, documents and blobs by content and make the version visible in one step."""
    tables = {
        name: call.store.put_table(stamped(frame), exclude_from_hash=produced.volatile)
        for name, frame in produced.tables.items()
    }
    blobs = dict(produced.blobs)
    for name, document in produced.documents.items():
        ref = call.store.put_blob(canonical_bytes(document), "json")
        blobs[name] = BlobEntry(content_hash=ref.partition(".")[0], ref=ref)
    return call.store.commit(assemble(call.spec.name, call.stage, produced, tables, blobs))


def preview_version(workload: str, stage: str, produced: Produced) -> str:
    """The data version that committing would give; nothing is stored."""
    from hq_assets.lineage.table_fingerprint import table_fingerprint

    tables = {
        name: TableEntry(content_hash=table_fingerprint(stamped(frame)), ref="", rows=0, columns={})
        for name, frame in produced.tables.items()
    }
    return assemble(workload, stage, produced, tables, dict(produced.blobs)).data_version


def assemble(
    workload: str,
    stage: str,
    produced: Produced,
    tables: Mapping[str, TableEntry],
    blobs: Mapping[str, BlobEntry],
) -> Artifact:
    """The artifact of stored tables and blobs."""
    return Artifact(
        workload=workload,
        stage=stage,
        schema_version=SCHEMA_VERSION,
        tables=dict(tables),
        blobs=dict(blobs),
        facts=dict(produced.facts),
    )


def stamped(frame: Any) -> Any:
    """A table with its schema version, lazily."""
    import polars as pl

    return frame.lazy().with_columns(pl.lit(SCHEMA_VERSION).alias("schema_version"))


def canonical_bytes(document: Any) -> bytes:
    """Canonical JSON of a document; NaN is refused."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def features_of(spec: WorkloadSpec) -> Sequence[str]:
    """Columns that hold the workload's own features, as its kind states them."""
    return kind_settings(spec, {}).data_contract().get("value_columns", ())


def common_metadata(call: StageCall, artifact: Artifact) -> dict[str, Any]:
    """Row count, columns, location and profile, in Dagster's own places."""
    metadata: dict[str, Any] = {}
    rows = artifact.tables.get("rows")
    if rows is not None:
        metadata["dagster/row_count"] = rows.rows
        metadata["dagster/column_schema"] = column_schema(rows.columns, features_of(call.spec))
        metadata["dagster/uri"] = str(call.store.blob_path(rows.ref))
    if "profile" in call.inputs:
        metadata["profile"] = call.profile.name
    return metadata
