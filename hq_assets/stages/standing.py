"""Whether an asset stands: what its blocking checks said last.

Dagster's blocking checks hold only inside one run; a stage asks here, so that they hold later too.
"""

from collections.abc import Sequence

import dagster as dg

BLOCKING_CHECKS = ("expectations", "statistics", "pinned_inputs")
"""Names of the blocking checks that a stage may have."""

DATA_VERSION_TAG = "dagster/data_version"
HISTORY = 50
"""Evaluations per check that are looked through for the asked materialization."""


def last_blocking_failure(
    instance: dg.DagsterInstance,
    asset_key: dg.AssetKey,
    materialization_storage_id: int | None = None,
    check_names: Sequence[str] = BLOCKING_CHECKS,
) -> str | None:
    """Say which blocking check of an asset failed last and why, or None where none did.

    A check that was started and never ended is unknown, not failed; `unfinished_checks` names it.

    Args:
        instance: Dagster's instance.
        asset_key: The asset.
        materialization_storage_id: Judge this materialization; where it was never checked, the
            latest evaluation of the asset counts. None for the latest evaluation.
        check_names: Names of the blocking checks.
    """
    reasons = []
    for name in check_names:
        evaluation = _evaluation(
            instance, dg.AssetCheckKey(asset_key, name), materialization_storage_id
        )
        if evaluation is not None and _blocks(evaluation):
            reasons.append(f"{name}: {evaluation.description or 'no description'}")
    return "; ".join(reasons) or None


def unfinished_checks(
    instance: dg.DagsterInstance,
    asset_key: dg.AssetKey,
    check_names: Sequence[str] = BLOCKING_CHECKS,
) -> list[str]:
    """Name the checks that were planned and never ended, though their run did.

    Such an asset has to be checked again: its run was killed, or the check raised.
    """
    return [
        name for name in check_names if _was_abandoned(instance, dg.AssetCheckKey(asset_key, name))
    ]


def resolved_materialization(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, data_version: str, run_id: str
) -> dg.AssetMaterialization | None:
    """The materialization behind an input that a run resolved: its own, or else the newest of the version.

    Args:
        instance: Dagster's instance.
        asset_key: The input's asset.
        data_version: The version that the step resolved when it started.
        run_id: The run that reads.
    """
    newest = None
    for record in instance.fetch_materializations(asset_key, limit=HISTORY).records:
        found = record.asset_materialization
        if found is None or (found.tags or {}).get(DATA_VERSION_TAG) != data_version:
            continue
        if record.run_id == run_id:
            return found
        newest = newest or found
    return newest


def materialization_id(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, data_version: str
) -> int | None:
    """Storage id of the newest materialization that has this data version, or None if it is not recent."""
    for record in instance.fetch_materializations(asset_key, limit=HISTORY).records:
        materialization = record.asset_materialization
        if materialization and (materialization.tags or {}).get(DATA_VERSION_TAG) == data_version:
            return record.storage_id
    return None


def _blocks(evaluation: dg.AssetCheckEvaluation) -> bool:
    return (
        not evaluation.passed
        and evaluation.blocking is not False
        and evaluation.severity == dg.AssetCheckSeverity.ERROR
    )


def _evaluation(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, storage_id: int | None
) -> dg.AssetCheckEvaluation | None:
    """The newest evaluation of the materialization, or else of the asset."""
    history = instance.event_log_storage.get_asset_check_execution_history(key, limit=HISTORY)
    # A planned record carries another payload under the same name.
    found = [record.evaluation for record in history]
    evaluations = [entry for entry in found if isinstance(entry, dg.AssetCheckEvaluation)]
    for evaluation in evaluations:
        target = evaluation.target_materialization_data
        if storage_id is not None and target is not None and target.storage_id == storage_id:
            return evaluation
    return evaluations[0] if evaluations else None


def _was_abandoned(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> bool:
    record = instance.get_latest_asset_check_evaluation_record(key)
    if record is None or isinstance(record.evaluation, dg.AssetCheckEvaluation):
        return False
    run = instance.get_run_by_id(record.run_id)
    return run is None or run.is_finished
