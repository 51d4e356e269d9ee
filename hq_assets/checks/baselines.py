"""Judgements on `baselines`: every method answers under every seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks.judgement import Judgement, judge_rows

if TYPE_CHECKING:
    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Methods are compared on the same seeds, and a baseline is classical."""
    del facts
    rows = evidence.rows("baselines")
    judgements = [methods_answer_under_every_seed(rows)]
    if "tier" in rows.collect_schema():
        judgements.append(baselines_are_classical(rows))
    return judgements


def methods_answer_under_every_seed(rows: pl.LazyFrame) -> Judgement:
    """Each method has rows under each seed, so that differences are paired."""
    import polars as pl

    found = rows.group_by("method").agg(found=pl.col("seed").n_unique())
    numbers = (
        rows.select(pl.col("seed").n_unique(), methods=pl.col("method").n_unique()).collect().row(0)
    )
    wrong = found.filter(pl.col("found") != numbers[0])
    reason = pl.format("answers under {} of {} seeds", pl.col("found"), pl.lit(numbers[0]))
    return judge_rows(
        "methods_answer_under_every_seed",
        wrong.select("method", reason=reason),
        holds=f"{numbers[1]} methods answer under each of {numbers[0]} seeds",
        fails="methods do not answer under every seed",
        metadata={"baseline_methods": numbers[1]},
    )


def baselines_are_classical(rows: pl.LazyFrame) -> Judgement:
    """No baseline row passes for a quantum or simulated one."""
    import polars as pl

    wrong = (
        rows.filter(pl.col("tier") != "classical").select("method", "seed", "name", "tier").unique()
    )
    return judge_rows(
        "baselines_are_classical",
        wrong.with_columns(reason=pl.format("tier is {}", "tier")),
        holds="every baseline is of tier classical",
        fails="baseline rows carry another tier",
    )
