"""The IO manager: assets exchange references; inputs are resolved from the event log."""

from typing import Any

import dagster as dg

from resources.store.artifact import Artifact
from resources.store.errors import StoreError
from resources.store.resource import StoreResource

DATA_VERSION_TAG = "dagster/data_version"
KEY_PARTS = 2


class ArtifactIOManager(dg.ConfigurableIOManager):
    """Hands committed artifacts from asset to asset by their data version.

    An input is the version that the same run materialized, or else the latest one.
    """

    store: dg.ResourceDependency[StoreResource]

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Check that an asset returned a committed artifact of its own; nothing is written.

        Raises:
            StoreError: It returned something else, or has not committed it.
        """
        workload, stage = _names(context.asset_key)
        if not isinstance(obj, Artifact):
            msg = (
                f"{workload}/{stage} returned a {type(obj).__name__}. "
                "Store the content, commit an Artifact and return that."
            )
            raise StoreError(msg)
        if (obj.workload, obj.stage) != (workload, stage):
            msg = (
                f"{workload}/{stage} returned an artifact of {obj.workload}/{obj.stage}. "
                "Return the artifact that was committed for this asset."
            )
            raise StoreError(msg)
        self.store.open().artifact(workload, stage, obj.data_version)

    def load_input(self, context: dg.InputContext) -> Artifact:
        """Return the upstream artifact of this run, or the latest one.

        Raises:
            StoreError: The upstream asset was never materialized, or not as an artifact.
        """
        workload, stage = _names(context.asset_key)
        version = materialized_version(context.instance, context.asset_key, _run_id(context))
        return self.store.open().artifact(workload, stage, version)


def materialized_version(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, run_id: str | None = None
) -> str:
    """Data version of an asset: what the run materialized last, or else the latest of all.

    Raises:
        StoreError: There is no materialization, or it carries no data version.
    """
    name = asset_key.to_user_string()
    latest = instance.get_latest_materialization_event(asset_key)
    if latest is None:
        msg = f"{name} was never materialized. Add {name} to the selection, or run it first."
        raise StoreError(msg)
    if run_id is not None and latest.run_id != run_id:
        latest = _last_of_run(instance, asset_key, run_id) or latest
    materialization = latest.asset_materialization
    version = (materialization.tags or {}).get(DATA_VERSION_TAG) if materialization else None
    if version is None:
        msg = f"The latest materialization of {name} carries no data version. Materialize it again."
        raise StoreError(msg)
    return version


def _last_of_run(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, run_id: str
) -> dg.EventLogEntry | None:
    records = instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION, ascending=False
    ).records
    for record in records:
        materialization = record.event_log_entry.asset_materialization
        if materialization is not None and materialization.asset_key == asset_key:
            return record.event_log_entry
    return None


def _run_id(context: dg.InputContext) -> str | None:
    """The run that loads, or None outside a run (a notebook, a test)."""
    try:
        return context.step_context.run_id
    except dg.DagsterInvariantViolationError:
        return None


def _names(asset_key: dg.AssetKey) -> tuple[str, str]:
    if len(asset_key.path) != KEY_PARTS:
        msg = (
            f"Asset key {asset_key.to_user_string()} does not name a workload's stage. "
            "Give the asset a key [workload, stage], or another IO manager."
        )
        raise StoreError(msg)
    workload, stage = asset_key.path
    return workload, stage
