"""What is stale and why: recorded versions of every asset against code, inputs and the outside world."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

CODE_TAG = "dagster/code_version"
DATA_TAG = "dagster/data_version"
INPUT_TAG = "dagster/input_data_version/"


@dataclass(frozen=True)
class Recorded:
    """What the latest materialization of an asset says of itself.

    Attributes:
        code_version: Code that made it.
        data_version: Version of its content.
        inputs: User string of each input's key → data version used.
    """

    code_version: str | None
    data_version: str | None
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class Reason:
    """Why an asset is stale.

    Attributes:
        key: User string of the asset's key.
        reason: One phrase.
    """

    key: str
    reason: str


def recorded_of(instance: dg.DagsterInstance, key: dg.AssetKey) -> Recorded | None:
    """The latest materialization's versions, or None if there is none."""
    event = instance.get_latest_materialization_event(key)
    materialization = event.asset_materialization if event else None
    if materialization is None:
        return None
    tags = materialization.tags or {}
    inputs = {
        name.removeprefix(INPUT_TAG): value
        for name, value in tags.items()
        if name.startswith(INPUT_TAG)
    }
    return Recorded(tags.get(CODE_TAG), tags.get(DATA_TAG), inputs)


def stale_reason(
    code_version: str | None,
    recorded: Recorded | None,
    upstream: Mapping[str, str | None],
    outside_version: str | None,
) -> str | None:
    """Why one asset is stale, or None if it is fresh.

    Args:
        code_version: Version of the code now.
        recorded: The latest materialization's versions.
        upstream: User string of each input's key → its data version now; None where it was never made.
        outside_version: Data version that the outside world would give now, for assets made from outside.
    """
    if recorded is None:
        return "never materialized"
    if code_version is not None and recorded.code_version != code_version:
        return "code or settings changed"
    if outside_version is not None and recorded.data_version != outside_version:
        return "its origin outside changed"
    moved = sorted(
        name
        for name, version in upstream.items()
        # An input that was never made is no new data: other workloads may never have run here.
        if version is not None and recorded.inputs.get(name) != version
    )
    if moved:
        return f"new data in {', '.join(moved)}"
    return None


def stale_assets(
    instance: dg.DagsterInstance,
    specs: Iterable[dg.AssetSpec],
    outside: Mapping[dg.AssetKey, str],
    unsettled: Mapping[dg.AssetKey, str | None],
) -> list[Reason]:
    """Stale assets with their reasons, in the order of the specs.

    Assets that are fresh themselves, but stand below a stale one, are not listed.

    Args:
        instance: Dagster's instance.
        specs: Assets, upstream before downstream.
        outside: Asset → data version that the outside world would give now.
        unsettled: Asset → why it must be checked again although it is up to date, or None.
    """
    ordered = list(specs)
    recorded = {spec.key: recorded_of(instance, spec.key) for spec in ordered}
    found = []
    for spec in ordered:
        upstream = {}
        for dep in spec.deps:
            entry = recorded.get(dep.asset_key) or recorded_of(instance, dep.asset_key)
            upstream[dep.asset_key.to_user_string()] = entry.data_version if entry else None
        reason = stale_reason(
            spec.code_version, recorded[spec.key], upstream, outside.get(spec.key)
        ) or unsettled.get(spec.key)
        if reason is not None:
            found.append(Reason(spec.key.to_user_string(), reason))
    return found


def with_downstream(
    stale: Sequence[dg.AssetKey], specs: Iterable[dg.AssetSpec]
) -> list[dg.AssetKey]:
    """The stale keys and everything below them, in the order of the specs (upstream before downstream)."""
    children: dict[dg.AssetKey, list[dg.AssetKey]] = {}
    ordered = list(specs)
    for spec in ordered:
        for dep in spec.deps:
            children.setdefault(dep.asset_key, []).append(spec.key)
    reached = set(stale)
    frontier = list(stale)
    while frontier:
        for child in children.get(frontier.pop(), []):
            if child not in reached:
                reached.add(child)
                frontier.append(child)
    return [spec.key for spec in ordered if spec.key in reached]
