"""Judgements on `compiled_circuits`: nothing is lost, parameters fit the encoded rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks import facts as known
from hq_assets.checks.judgement import Judgement, judge_rows

if TYPE_CHECKING:
    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Every encoded circuit is compiled or refused; parameters are as many as values."""
    del facts
    rows, encoded = evidence.rows("compiled_circuits"), evidence.rows("encoded_inputs")
    paired = evidence.table("encoded_inputs", "pairs")
    return [
        encoded_circuits_are_accounted_for(rows, encoded),
        parameters_fit_the_values(rows, encoded, paired),
        some_circuit_is_executable(rows),
    ]


def _executed(rows: pl.LazyFrame) -> pl.LazyFrame:
    import polars as pl

    return rows.filter(pl.col("role") == "circuit")


def encoded_circuits_are_accounted_for(rows: pl.LazyFrame, encoded: pl.LazyFrame) -> Judgement:
    """Every circuit that encoded rows refer to has a compiled row, good or refused."""
    import polars as pl

    wanted = encoded.select("circuit_id").unique()
    lost = wanted.join(_executed(rows).select("circuit_id"), on="circuit_id", how="anti")
    return judge_rows(
        "encoded_circuits_are_accounted_for",
        lost.with_columns(reason=pl.lit("has no compiled row")),
        holds="every encoded circuit has a compiled row",
        fails="encoded circuits have no compiled row",
    )


def parameters_fit_the_values(
    rows: pl.LazyFrame, encoded: pl.LazyFrame, pairs: pl.LazyFrame | None
) -> Judgement:
    """A circuit takes as many parameters as its rows have values; a pair circuit twice as many."""
    import polars as pl

    usable = encoded.filter(pl.col("status").is_in(known.USABLE))
    lengths = usable.group_by("circuit_id").agg(
        values=pl.col("values").list.len().max().cast(pl.Int64)
    )
    empty = pl.LazyFrame(schema={"circuit_id": pl.String})
    paired = empty if pairs is None else pairs.select("circuit_id").unique()
    paired = paired.with_columns(times=pl.lit(2, dtype=pl.Int64))
    good = rows.filter(pl.col("status") == "ok").join(lengths, on="circuit_id")
    good = good.join(paired, on="circuit_id", how="left")
    times = pl.when(pl.col("role") == "circuit").then(pl.col("times").fill_null(1)).otherwise(1)
    good = good.select(
        "circuit_id",
        "role",
        takes=pl.col("parameters").list.len().cast(pl.Int64),
        given=times * pl.col("values"),
    )
    wrong = good.filter(pl.col("takes") != pl.col("given"))
    reason = pl.format("takes {} parameters, encoded rows give {}", "takes", "given")
    return judge_rows(
        "parameters_fit_the_values",
        wrong.select("circuit_id", "role", reason=reason),
        holds="every circuit takes as many parameters as its rows give",
        fails="circuits take another number of parameters than their rows give",
    )


def some_circuit_is_executable(rows: pl.LazyFrame) -> Judgement:
    """At least one circuit can be executed; the refused ones are counted."""
    import polars as pl

    good = pl.col("status") == "ok"
    numbers = _executed(rows).select(
        good=good.sum(),
        refused=(~good).sum(),
        depth=pl.col("depth").filter(good).max(),
        gates=pl.col("two_qubit_gates").filter(good).max(),
    )
    found = numbers.collect().row(0, named=True)
    metadata = {"circuits_executable": found["good"], "circuits_refused": found["refused"]}
    if found["good"]:
        metadata |= {"largest_depth": found["depth"], "most_two_qubit_gates": found["gates"]}
    summary = f"{found['good']} circuits can be executed, {found['refused']} cannot"
    return Judgement(
        "some_circuit_is_executable", found["good"] > 0, "warning", summary, (), metadata
    )
