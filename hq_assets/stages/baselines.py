"""Stage `baselines`: what the best classical methods answer on the same data, splits and seeds."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.encoded_inputs import cleaned_of
from hq_assets.stages.rendering import facts_table, markdown_table
from hq_assets.stages.spec import WorkloadSpec
from resources.store.artifact import Artifact

STAGE = "baselines"


def compute(call: StageCall) -> Produced:
    """Solve classically with the kind's verb."""
    baselines = call.verb()(cleaned_of(call), call.settings, call.profile.seeds)
    return Produced(tables={"rows": baselines.frame}, facts={"facts": dict(baselines.facts)})


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """Quality per method: median and spread over seeds."""
    import polars as pl

    frame = call.store.scan_table(artifact.tables["rows"])
    # Training rows carry the cross-validation score by which a method was tuned, not its quality.
    judged = pl.col("quality").is_not_null() & (pl.col("split").fill_null("unused") != "train")
    per_seed = frame.filter(judged).select("method", "seed", "quality").unique()
    summary = (
        per_seed.group_by("method")
        .agg(
            pl.col("quality").median().alias("median"),
            pl.col("quality").min().alias("low"),
            pl.col("quality").max().alias("high"),
            pl.len().alias("seeds"),
        )
        .sort("method")
        .collect()
    )
    rows = [
        {
            "method": row["method"],
            "median": row["median"],
            "range": f"{row['low']:.4f} – {row['high']:.4f}",
            "seeds": row["seeds"],
        }
        for row in summary.iter_rows(named=True)
    ]
    entries: dict[str, Any] = {
        f"quality_{row['method']}": row["median"] for row in summary.iter_rows(named=True)
    }
    return {
        **entries,
        "quality_by_method": dg.MetadataValue.md(markdown_table(rows)),
        "facts": dg.MetadataValue.md(facts_table(artifact.facts["facts"])),
    }


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/baselines`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Answers of the classical methods with their quality; one row per quantity, method and seed.",
        kinds={"scikitlearn", "parquet"},
        compute=compute,
        describe=describe,
    )
