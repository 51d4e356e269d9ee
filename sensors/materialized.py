"""What the event log says of an asset: its latest materialization, and whether one is coming."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

DATA_VERSION_TAG = "dagster/data_version"
CODE_VERSION_TAG = "dagster/code_version"
POINTER_TAG = "dagster/input_event_pointer/"


@dataclass(frozen=True)
class Materialized:
    """The latest materialization of an asset.

    Attributes:
        storage_id: Its position in the event log; later ones are larger.
        run_id: The run that made it; empty for one reported outside a run.
        data_version: Version of its content, or None if it was recorded without one.
        tags: All of its tags.
        metadata: Metadata name → plain value.
    """

    storage_id: int
    run_id: str
    data_version: str | None
    tags: Mapping[str, str]
    metadata: Mapping[str, Any]

    def read_from(self, upstream: dg.AssetKey) -> int | None:
        """Position of the upstream materialization that this one was made from, if recorded."""
        pointer = self.tags.get(f"{POINTER_TAG}{upstream.to_user_string()}")
        return int(pointer) if pointer and pointer.isdigit() else None


def latest_materialization(instance: dg.DagsterInstance, key: dg.AssetKey) -> Materialized | None:
    """The latest materialization of an asset, or None if it has none."""
    records = instance.fetch_materializations(key, limit=1).records
    if not records:
        return None
    found = records[0].asset_materialization
    if found is None:
        return None
    tags = found.tags or {}
    return Materialized(
        storage_id=records[0].storage_id,
        run_id=records[0].run_id,
        data_version=tags.get(DATA_VERSION_TAG),
        tags=tags,
        metadata={name: entry.value for name, entry in found.metadata.items()},
    )


def is_planned(instance: dg.DagsterInstance, key: dg.AssetKey) -> bool:
    """Whether the last run that planned the asset is alive and has not materialized it yet."""
    planned = instance.get_latest_planned_materialization_info(key)
    if planned is None:
        return False
    run = instance.get_run_by_id(planned.run_id)
    if run is None or run.is_finished:
        return False
    latest = latest_materialization(instance, key)
    return latest is None or latest.run_id != planned.run_id
