"""Judgements on `job_receipts`: no payload is sent twice, every executable circuit is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks.judgement import Judgement, judge_rows

if TYPE_CHECKING:
    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Payloads and provider jobs are distinct; one backend and method per set of receipts."""
    del facts
    rows = evidence.rows("job_receipts")
    return [
        distinct(rows, "payload_fingerprint"),
        distinct(rows, "provider_job_id"),
        one_origin(rows),
    ]


def distinct(rows: pl.LazyFrame, column: str) -> Judgement:
    """No two receipts share the value: work would be paid twice, or one answer counted twice."""
    import polars as pl

    shared = rows.filter(pl.len().over("backend", column) > 1)
    reason = pl.lit(f"another receipt has the same {column}")
    return judge_rows(
        f"{column}_is_distinct",
        shared.select("idempotency_key", column, reason=reason),
        holds=f"each receipt has its own {column}",
        fails=f"receipts share their {column}",
    )


def one_origin(rows: pl.LazyFrame) -> Judgement:
    """All jobs went to one backend under one method."""
    import polars as pl

    origins = rows.select("backend", "method").unique().collect()
    numbers = (
        rows.select(pl.len(), pl.col("executions").sum(), pl.col("shots").sum()).collect().row(0)
    )
    metadata = {"jobs": numbers[0], "executions": numbers[1], "shots_asked": numbers[2]}
    lines = [
        {**row, "reason": "one of several origins"} for row in origins.sort(pl.all()).to_dicts()
    ]
    passed = origins.height <= 1
    summary = f"{numbers[0]} jobs from {origins.height} pairs of backend and method"
    return Judgement("one_origin", passed, "critical", summary, () if passed else lines, metadata)
