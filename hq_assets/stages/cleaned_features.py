"""Stage `cleaned_features`: records of the source, cleaned, split and labelled with what was changed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import dagster as dg

from hq_assets.problems.contract import SourceFile
from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.rendering import facts_table, markdown_table, reason_patterns
from hq_assets.stages.spec import WorkloadSpec
from resources.store.artifact import Artifact

STAGE = "cleaned_features"


def source_files(call: StageCall) -> list[SourceFile]:
    """The captured files of the source artifact, readable from the store."""
    rows = call.scan("source").collect()
    return [
        SourceFile(
            path=row["path"],
            local=call.store.local_path(row["ref"]),
            content_hash=row["content_hash"],
            size=row["size"],
        )
        for row in rows.iter_rows(named=True)
    ]


def source_records(call: StageCall) -> int | None:
    """Records of all source files together, or None where the source cannot tell."""
    records = call.scan("source").select("records").collect()["records"]
    return None if records.null_count() else int(records.sum())


def compute(call: StageCall) -> Produced:
    """Clean the captured files with the kind's verb."""
    files = source_files(call)
    cleaned = call.verb()(files, call.settings, call.profile.seeds)
    transforms = [asdict(step) for step in cleaned.transforms]
    return Produced(
        tables={"rows": cleaned.frame},
        documents={"transforms": transforms},
        facts={"facts": dict(cleaned.facts), "source_records": source_records(call)},
        manifest={
            "source_hashes": {file.path: file.content_hash for file in files},
            "seeds": {"split": list(call.profile.seeds)},
            "transforms": transforms_reference(transforms),
        },
    )


def transforms_reference(transforms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ordered steps for the manifest; the fitted parameters stand in full in the artifact's `transforms`."""
    return [{"name": step["name"], "fitted_on": step["fitted_on"]} for step in transforms]


def reason_table(frame: Any, limit: int = 12) -> str:
    """Markdown table of the most frequent reasons in a lazy frame with columns status and reason.

    Changes that differ only in their numbers count together, and a row counts under each of its
    changes; a reason that stands alone is given in full.
    """
    import polars as pl

    found = frame.filter(pl.col("reason").is_not_null()).group_by("status", "reason").len()
    groups: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for row in found.sort("status", "reason").collect().iter_rows(named=True):
        for pattern in reason_patterns(row["reason"]):
            groups.setdefault((row["status"], pattern), []).append((row["reason"], row["len"]))
    rows = [
        {
            "rows": sum(count for _, count in members),
            "status": status,
            "reason": members[0][0] if len(members) == 1 else pattern,
        }
        for (status, pattern), members in groups.items()
    ]
    if not rows:
        return "No row was changed or dropped."
    return markdown_table(sorted(rows, key=lambda row: -row["rows"])[:limit])


def status_counts(frame: Any) -> dict[str, int]:
    """Rows per status of a lazy frame."""
    counted = frame.group_by("status").len().collect()
    return Counter({row["status"]: row["len"] for row in counted.iter_rows(named=True)})


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """What was read, changed and dropped, and why."""
    frame = call.store.scan_table(artifact.tables["rows"])
    counts = status_counts(frame)
    return {
        **{f"rows_{status}": count for status, count in sorted(counts.items())},
        "reasons": dg.MetadataValue.md(reason_table(frame)),
        "facts": dg.MetadataValue.md(facts_table(artifact.facts["facts"])),
    }


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/cleaned_features`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Cleaned records, changed or dropped ones with the reason; one row per record and seed.",
        kinds={"polars", "parquet"},
        compute=compute,
        describe=describe,
    )
