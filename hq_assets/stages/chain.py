"""How every stage becomes an asset: resolve inputs, refuse or reuse, compute, commit, describe.

The stage modules hold what differs; this module holds what is the same for all of them. A stage never
knows a problem kind: it calls the kind's verbs by name.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from hq_assets.problems.contract import DataError
from hq_assets.stages.automation import stage_condition
from hq_assets.stages.call import NotSettled, Produced, StageCall, kind_settings
from hq_assets.stages.columns import column_schema
from hq_assets.stages.content import commit, stage_identity
from hq_assets.stages.rendering import rounded
from hq_assets.stages.spec import ROOTS, UPSTREAM, WorkloadSpec
from hq_assets.stages.standing import (
    last_blocking_failure,
    materialization_id,
    unfinished_checks,
)
from resources.backends.contract import BackendError
from resources.store.artifact import Artifact


@dataclass(frozen=True)
class Recipe:
    """How a stage makes its content; fields as the arguments of `stage_asset`."""

    code_version: str
    compute: Callable[[StageCall], Produced]
    describe: Callable[[StageCall, Artifact], Mapping[str, Any]]
    reusable: Callable[[StageCall, Artifact], bool] | None = None


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
    def _stage(
        context: dg.AssetExecutionContext, **inputs: Artifact
    ) -> Iterator[dg.MaterializeResult]:
        call = StageCall(spec=spec, stage=stage, context=context, inputs=inputs)
        refuse_failed_inputs(call)
        try:
            yield materialize(call, recipe)
        except NotSettled as pending:
            context.log_event(
                dg.AssetObservation(
                    context.asset_key, metadata={"tier": "pending", "reason": str(pending)}
                )
            )

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
        document = reused_manifest(call, artifact, origin_ref, recipe.code_version, seconds)
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
