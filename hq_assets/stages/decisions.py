"""Stage `decisions`: what is decided for each record, how sure, by which tier, against which baseline."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from hq_assets.problems.contract import Baselines, Combined
from hq_assets.stages.chain import Produced, StageCall, stage_asset
from hq_assets.stages.encoded_inputs import cleaned_of
from hq_assets.stages.normalized_results import origin_fields
from hq_assets.stages.pictures import decision_pictures
from hq_assets.stages.rendering import markdown_table
from hq_assets.stages.spec import WorkloadSpec
from resources.store.artifact import Artifact

STAGE = "decisions"


def compute(call: StageCall) -> Produced:
    """Decide with the kind's verb and label every row with its origin and profile."""
    import polars as pl

    normalized = call.inputs["normalized_results"]
    decided = call.verb()(
        Combined(frame=call.scan("normalized_results"), facts=normalized.facts["facts"]),
        Baselines(frame=call.scan("baselines"), facts=call.inputs["baselines"].facts["facts"]),
        cleaned_of(call),
        call.settings,
        call.profile.seeds,
    )
    origin = normalized.facts["origin"]
    frame = decided.frame.lazy().with_columns(
        tier=pl.lit(origin["tier"]),
        backend=pl.lit(origin["backend"]),
        calibration_id=pl.lit(origin["calibration_id"]),
        profile=pl.lit(call.profile.name),
    )
    report = {
        "metrics": dict(decided.metrics),
        "tables": {name: [dict(row) for row in rows] for name, rows in decided.tables.items()},
        "series": {
            name: {k: list(v) for k, v in points.items()} for name, points in decided.series.items()
        },
    }
    return Produced(
        tables={"rows": frame},
        documents={"report": report},
        facts={"origin": origin, "profile": call.profile.name},
        manifest={
            **origin_fields(origin),
            "baseline_ref": f"{call.spec.name}/baselines@{call.inputs['baselines'].data_version}",
            "profile": call.profile.name,
        },
    )


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """The decision at a glance: label of its origin, metrics, comparison with the baseline, pictures."""
    report = call.document(artifact, "report")
    origin = artifact.facts["origin"]
    entries: dict[str, Any] = {
        "tier": origin["tier"],
        "backend": origin["backend"],
        "method": origin["method"],
        **{name: value for name, value in report["metrics"].items() if value is not None},
        **{
            name: dg.MetadataValue.md(markdown_table(rows))
            for name, rows in report["tables"].items()
        },
    }
    for name, picture in decision_pictures(report["series"]).items():
        entries[name] = dg.MetadataValue.md(picture)
    return entries


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/decisions`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Decisions with confidence, tier, backend and baseline; one row per record and seed.",
        kinds={"parquet"},
        compute=compute,
        describe=describe,
    )
