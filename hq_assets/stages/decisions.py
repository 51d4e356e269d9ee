"""Stage `decisions`: what is decided for each record, how sure, by which tier, against which baseline."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from hq_assets.problems.contract import Baselines, Combined, Decided
from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.encoded_inputs import cleaned_of
from hq_assets.stages.normalized_results import origin_fields
from hq_assets.stages.pictures.series import series_pictures
from hq_assets.stages.rendering import facts_table, markdown_table
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
    return Produced(
        tables={"rows": frame},
        documents={"report": report_document(decided)},
        facts={"origin": origin, "profile": call.profile.name},
        manifest={
            **origin_fields(origin),
            "baseline_ref": f"{call.spec.name}/baselines@{call.inputs['baselines'].data_version}",
            "profile": call.profile.name,
        },
    )


def report_document(decided: Decided) -> dict[str, Any]:
    """What the kind reports beside its rows; lists keep the kind's order, which canonical JSON would lose."""
    return {
        "metrics": [[name, value] for name, value in decided.metrics.items()],
        "tables": [
            {
                "name": name,
                "columns": list(rows[0]) if rows else [],
                "rows": [list(row.values()) for row in rows],
            }
            for name, rows in decided.tables.items()
        ],
        "series": {
            name: {k: list(v) for k, v in points.items()} for name, points in decided.series.items()
        },
    }


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """The decision at a glance: label of its origin, metrics, comparison with the baseline, pictures."""
    report = call.document(artifact, "report")
    origin = artifact.facts["origin"]
    metrics = {name: value for name, value in report["metrics"] if value is not None}
    tables = {
        table["name"]: [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        for table in report["tables"]
    }
    frame = call.store.scan_table(artifact.tables["rows"])
    summary = facts_table(glance(call.spec, origin, metrics, outcome_counts(frame)))
    texts = {name: markdown_table(rows) for name, rows in tables.items()}
    pictures = series_pictures(report["series"])
    return {
        "tier": origin["tier"],
        "backend": origin["backend"],
        "method": origin["method"] or "none",
        "at_a_glance": dg.MetadataValue.md(summary),
        **{name: dg.MetadataValue.md(text) for name, text in pictures.items()},
        **metrics,
        **{name: dg.MetadataValue.md(text) for name, text in texts.items()},
    }


def outcome_counts(frame: Any) -> dict[str, int]:
    """Rows of the published seed per outcome, in a lazy frame of decisions."""
    import polars as pl

    counted = frame.filter(pl.col("published")).group_by("outcome").len().sort("outcome").collect()
    return dict(counted.iter_rows())


def glance(
    spec: WorkloadSpec,
    origin: Mapping[str, Any],
    metrics: Mapping[str, float],
    outcomes: Mapping[str, int],
) -> dict[str, Any]:
    """The decision in a few lines: who decided, how well, for whom."""
    context = spec.context
    metric = str(context.get("success_metric"))
    wanted = (context.get("thresholds") or {}).get("quality")
    lines: dict[str, Any] = {
        "decided by": f"{origin['tier']} {origin['backend']}, {origin['method'] or 'no'} counts",
        "outcomes": outcomes,
    }
    if metric in metrics:
        lines[metric] = f"{metrics[metric]:.4f}" + (f", wanted {wanted:g}" if wanted else "")
    difference = f"{metric}_vs_baseline"
    if difference in metrics:
        lines["vs best baseline"] = f"{metrics[difference]:+.4f}"
    lines["for"] = context.get("consumer")
    if origin["tier"] != "quantum":
        lines["note"] = context.get("fallback_sentence")
    return {name: value for name, value in lines.items() if value is not None}


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
