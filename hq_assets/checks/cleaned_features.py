"""Judgements on `cleaned_features`: splits, classes in the training rows, drift of the features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks import facts as known
from hq_assets.checks.drift_judgement import judge_drift
from hq_assets.checks.judgement import Judgement, judge_rows

if TYPE_CHECKING:
    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Same records under each seed, every class in training, drift of test rows."""
    rows = evidence.rows("cleaned_features")
    judgements = [seeds_hold_the_same_records(rows)]
    records = evidence.facts_of("cleaned_features").get("source_records")
    if facts.one_row_per_record and records is not None:
        judgements.append(each_source_record_is_kept(rows, records))
    if facts.label_column is not None:
        judgements.append(training_rows_have_every_class(rows, facts))
    columns = [column for column in facts.value_columns if column in rows.collect_schema()]
    if columns:
        judgements += judge_drift(rows, columns, facts)
    return judgements


def seeds_hold_the_same_records(rows: pl.LazyFrame) -> Judgement:
    """Each seed splits the same set of records."""
    import polars as pl

    # Sets are compared by an order-free hash first: naming the rows needs memory per record.
    marks = pl.col("record_id").hash().bitwise_xor()
    sets = rows.group_by("seed").agg(rows=pl.len(), mark=marks).collect(engine="streaming")
    seeds, same = sets.height, sets.select("rows", "mark").n_unique() <= 1
    apart = rows.head(0) if same else rows
    apart = apart.group_by("record_id").agg(found=pl.col("seed").n_unique())
    reason = pl.format("stands under {} of {} seeds", pl.col("found"), pl.lit(seeds))
    return judge_rows(
        "seeds_hold_the_same_records",
        apart.filter(pl.col("found") != seeds).select("record_id", reason=reason),
        holds=f"the same records under each of {seeds} seeds",
        fails="records are not under every seed",
        metadata={"seeds": seeds},
    )


def each_source_record_is_kept(rows: pl.LazyFrame, records: int) -> Judgement:
    """Under each seed there are as many rows, dropped ones included, as the source has records."""
    import polars as pl

    counted = rows.group_by("seed").agg(rows=pl.len())
    reason = pl.format("{} rows, the source has {} records", "rows", pl.lit(records))
    return judge_rows(
        "each_source_record_is_kept",
        counted.filter(pl.col("rows") != records).sort("seed").select("seed", reason=reason),
        holds=f"each of {records} source records has a row under each seed",
        fails="seeds have another number of rows than the source has records",
        metadata={"source_records": records},
    )


def training_rows_have_every_class(rows: pl.LazyFrame, facts: CheckFacts) -> Judgement:
    """Under each seed at least two classes (all declared ones) are among the usable training rows.

    The number `smallest_class_share` is the least share of a class over all seeds.
    """
    import polars as pl

    label = str(facts.label_column)
    train = rows.filter((pl.col("split") == "train") & pl.col("status").is_in(known.USABLE))
    counted = (
        train.group_by("seed", pl.col(label).cast(pl.String)).len().collect(engine="streaming")
    )
    seeds = rows.select(pl.col("seed").unique().sort()).collect(engine="streaming")["seed"]
    needed = max(2, len(facts.label_values))
    found = (
        counted.drop_nulls(label)
        .group_by("seed")
        .agg(classes=pl.len(), least=pl.col("len").min(), rows=pl.col("len").sum())
    )
    joined = seeds.to_frame().join(found, on="seed", how="left").fill_null(0)
    short = joined.filter(pl.col("classes") < needed)
    reason = pl.format(
        "{} of {} classes among {} training rows", pl.col("classes"), pl.lit(needed), pl.col("rows")
    )
    shares = (
        joined.filter(pl.col("classes") >= needed)
        .select(pl.col("least") / pl.col("rows"))
        .to_series()
    )
    least = float(shares.min() or 0.0) if not short.height else 0.0  # pyright: ignore[reportArgumentType]
    return judge_rows(
        "training_rows_have_every_class",
        short.lazy().select("seed", reason=reason),
        holds=f"at least {needed} classes under each seed; smallest share {least:.3f}",
        fails="seeds lack a class among their training rows",
        metadata={"smallest_class_share": least},
    )
