"""Stage `normalized_results`: values with standard errors, from counts; tier and backend on every row."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from hq_assets.problems.contract import DataError
from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.encoded_inputs import encoded_of
from hq_assets.stages.pictures.kernel import kernel_pictures
from hq_assets.stages.rendering import facts_table
from hq_assets.stages.spec import WorkloadSpec
from resources.store.artifact import Artifact

STAGE = "normalized_results"


def compute(call: StageCall) -> Produced:
    """Combine the counts with the kind's verb and label every row with its origin."""
    import polars as pl

    counts = call.inputs["raw_counts"]
    if counts.facts["encoded"] != call.inputs["encoded_inputs"].data_version:
        message = (
            f"The counts of {call.spec.name} belong to other encoded inputs than the current ones. "
            f"Materialize {call.spec.name}/job_receipts and raw_counts first, or use `hq run`."
        )
        raise DataError(message)
    combined = call.verb()(
        call.scan("raw_counts"), encoded_of(call), call.settings, call.profile.seeds
    )
    origin = counts.facts["origin"]
    frame = combined.frame.lazy().with_columns(
        tier=pl.lit(origin["tier"]),
        backend=pl.lit(origin["backend"]),
        calibration_id=pl.lit(origin["calibration_id"]),
    )
    return Produced(
        tables={"rows": frame},
        facts={
            "facts": {**combined.facts, "refused": counts.facts["refused"]},
            "origin": origin,
        },
        manifest={**origin_fields(origin)},
    )


def origin_fields(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Manifest fields that say who made the numbers."""
    return {"tier": origin["tier"], "backend": origin["backend"], "method": origin["method"]}


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """Number of quantities by name, typical standard error, and a picture of the kernel where there is one."""
    import polars as pl

    frame = call.store.scan_table(artifact.tables["rows"])
    summary = frame.group_by("name").agg(pl.len(), pl.col("std").median()).sort("name").collect()
    entries: dict[str, Any] = {
        "tier": artifact.facts["origin"]["tier"],
        "backend": artifact.facts["origin"]["backend"],
    }
    for row in summary.iter_rows(named=True):
        entries[f"rows_{row['name']}"] = row["len"]
        if row["std"] is not None:
            entries[f"median_std_{row['name']}"] = row["std"]
    pictures = {name: dg.MetadataValue.md(text) for name, text in kernel_pictures(frame).items()}
    return {
        **entries,
        **pictures,
        "facts": dg.MetadataValue.md(facts_table(artifact.facts["facts"])),
    }


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/normalized_results`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Kernel entries or probabilities with standard errors, tier and backend; one row per quantity.",
        kinds={"polars", "parquet"},
        compute=compute,
        describe=describe,
    )
