"""Judgements on `encoded_inputs`: known records, one length per circuit, valid pairs, drift."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hq_assets.checks import facts as known
from hq_assets.checks.drift_judgement import judge_drift
from hq_assets.checks.judgement import Judgement, judge_rows

if TYPE_CHECKING:
    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Records, lengths, pairs and drift."""
    rows, cleaned = evidence.rows("encoded_inputs"), evidence.rows("cleaned_features")
    judgements = [records_are_known(rows, cleaned), lengths_agree(rows)]
    if facts.one_row_per_record:
        judgements.append(each_record_is_encoded_once(rows, cleaned))
    pairs = evidence.table("encoded_inputs", "pairs")
    if pairs is not None:
        judgements.append(pairs_are_valid(pairs, rows))
    return judgements + component_drift(rows, facts)


def _usable(rows: pl.LazyFrame) -> pl.LazyFrame:
    import polars as pl

    return rows.filter(pl.col("status").is_in(known.USABLE))


def _by_record(rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per record of an encoded row."""
    import polars as pl

    wanted = rows.select("circuit_id", "seed", "parameter_row", record_id=pl.col("record_ids"))
    return wanted.explode("record_id").drop_nulls("record_id")


def records_are_known(rows: pl.LazyFrame, cleaned: pl.LazyFrame) -> Judgement:
    """Every record of a usable encoded row is a usable record of `cleaned_features`."""
    import polars as pl

    sound = _usable(cleaned).select("record_id").unique()
    strangers = _by_record(_usable(rows)).join(sound, on="record_id", how="anti")
    return judge_rows(
        "records_are_known",
        strangers.with_columns(reason=pl.lit("no usable record of cleaned_features")),
        holds="every encoded record is a usable cleaned record",
        fails="encoded rows refer to a record that is not usable",
    )


def each_record_is_encoded_once(rows: pl.LazyFrame, cleaned: pl.LazyFrame) -> Judgement:
    """Each usable training or test record has exactly one encoded row under its seed."""
    import polars as pl

    wanted = (
        _usable(cleaned)
        .filter(pl.col("split").is_in(["train", "test"]))
        .select("record_id", "seed")
    )
    found = _by_record(rows).group_by("record_id", "seed").agg(found=pl.len())
    joined = wanted.join(found, on=["record_id", "seed"], how="left").with_columns(
        pl.col("found").fill_null(0)
    )
    wrong = joined.filter(pl.col("found") != 1)
    return judge_rows(
        "each_record_is_encoded_once",
        wrong.select("record_id", "seed", reason=pl.format("has {} encoded rows", "found")),
        holds="each training and test record has one encoded row",
        fails="records have no encoded row, or several",
    )


def lengths_agree(rows: pl.LazyFrame) -> Judgement:
    """All usable rows of a circuit have the same number of values."""
    import polars as pl

    lengths = (
        _usable(rows)
        .group_by("circuit_id")
        .agg(least=pl.col("values").list.len().min(), most=pl.col("values").list.len().max())
    )
    wrong = lengths.filter(pl.col("least") != pl.col("most"))
    return judge_rows(
        "lengths_agree",
        wrong.select(
            "circuit_id", reason=pl.format("has rows of {} to {} values", "least", "most")
        ),
        holds="each circuit has rows of one length",
        fails="circuits have rows of different lengths",
    )


def pairs_are_valid(pairs: pl.LazyFrame, rows: pl.LazyFrame) -> Judgement:
    """Both ends of a pair are usable parameter rows; no pair is named twice in its block."""
    import polars as pl

    keys = ["circuit_id", "seed"]
    sound = _usable(rows).select(*keys, "parameter_row")
    parts = []
    for end in ("left", "right"):
        lost = pairs.join(
            sound, left_on=[*keys, end], right_on=[*keys, "parameter_row"], how="anti"
        )
        reason = pl.lit(f"{end} is no usable parameter row")
        parts.append(lost.select(*keys, "block", "left", "right", reason=reason))
    same = (
        pairs.group_by(*keys, "block", "left", "right")
        .agg(found=pl.len())
        .filter(pl.col("found") > 1)
    )
    parts.append(
        same.select(*keys, "block", "left", "right", reason=pl.format("named {} times", "found"))
    )
    return judge_rows(
        "pairs_are_valid",
        pl.concat(parts),
        holds="each pair joins two usable parameter rows, once",
        fails="pairs lack an end or are repeated",
    )


def component_drift(rows: pl.LazyFrame, facts: CheckFacts) -> list[Judgement]:
    """Drift of the encoded components of test rows against the training rows of the same seed.

    A component may mix several features, so it counts as fixed only where every declared one is.
    """
    import polars as pl

    usable = _usable(rows)
    numbers = usable.select(
        least=pl.col("values").list.len().min(),
        most=pl.col("values").list.len().max(),
        train=(pl.col("split") == "train").any(),
        test=(pl.col("split") == "test").any(),
    )
    length, most, train, test = numbers.collect(engine="streaming").row(0)
    if not (train and test) or length != most or not length:
        return []
    names = [f"values[{k}]" for k in range(length)]
    wide = usable.select(
        "seed",
        "split",
        "status",
        *(pl.col("values").list.get(k).alias(name) for k, name in enumerate(names)),
    )
    marks = set(facts.feature_contract.values())
    contract = dict.fromkeys(names, "fixed") if marks == {"fixed"} else {}
    return judge_drift(wide, names, replace(facts, feature_contract=contract))  # pyright: ignore[reportArgumentType]
