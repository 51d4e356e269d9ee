"""Which version of each asset is the current one, from Dagster's event log."""

from collections.abc import Sequence

import dagster as dg

from resources.store.io_manager import DATA_VERSION_TAG


def current_versions(
    instance: dg.DagsterInstance, workloads: Sequence[str], stages: Sequence[str]
) -> dict[tuple[str, str], str]:
    """(workload, stage) → data version of the latest materialization; assets without one are left out."""
    found = {}
    for workload in workloads:
        for stage in stages:
            event = instance.get_latest_materialization_event(dg.AssetKey([workload, stage]))
            materialization = event.asset_materialization if event else None
            version = (
                (materialization.tags or {}).get(DATA_VERSION_TAG) if materialization else None
            )
            if version is not None:
                found[workload, stage] = version
    return found
