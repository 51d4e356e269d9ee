"""Judgement that a manifest names exactly the input versions that Dagster recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks.judgement import Judgement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INPUT_VERSION_TAG = "dagster/input_data_version/"


def compare_pinned_inputs(
    manifest_inputs: Mapping[str, str], tags: Mapping[str, str], upstream: Sequence[str]
) -> Judgement:
    """Compare what the stage says that it read with what Dagster says.

    Args:
        manifest_inputs: Asset (`workload/stage`) → data version, as the manifest pins them.
        tags: Tags of the materialization.
        upstream: Assets (`workload/stage`) that the stage receives.
    """
    recorded = {
        key.removeprefix(INPUT_VERSION_TAG): value
        for key, value in tags.items()
        if key.startswith(INPUT_VERSION_TAG)
    }
    rows = []
    for asset in sorted({*manifest_inputs, *recorded, *upstream}):
        pinned, seen = manifest_inputs.get(asset), recorded.get(asset)
        if pinned is None or pinned != seen:
            reason = "versions differ" if pinned and seen else "a version is missing"
            rows.append({"asset": asset, "manifest": pinned, "dagster": seen, "reason": reason})
    checked = len(set(upstream) | set(manifest_inputs))
    summary = f"{len(rows)} of {checked} inputs differ" if rows else f"{checked} inputs as recorded"
    return Judgement("pinned_inputs", not rows, "critical", summary, rows, {"inputs": checked})
