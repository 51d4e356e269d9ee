"""Verb `combine_results`: counts become normalized distributions with standard errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from hq_assets.problems.contract import Combined, Encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.problems.circuit_collection.settings import Settings

DISTRIBUTION = ("circuit_id", "seed", "parameter_row", "register")
REST = "rest"
"""Label of the outcomes beyond `max_outcomes`, summed."""

LARGEST_SUM_ERROR = 1e-6
"""Largest distance from 1 that the sum of reported weights may have without being named."""


def combine_results(
    counts: pl.LazyFrame, encoded: Encoded, settings: Settings, seeds: Sequence[int]
) -> Combined:
    """Normalize every distribution.

    The value of a count is count / sum of counts, its standard error sqrt(p(1 - p) / shots).
    Reported weights stay as they are, also negative ones (quasi-probabilities); facts name those.

    Args:
        counts: Columns circuit_id, seed, parameter_row, register, bitstring, count, weight, shots,
            method.
        encoded: Encoded inputs; circuits without counts are named in the facts.
        settings: Cap on the outcomes kept.
        seeds: Declared seeds; counts of others are left out.

    Returns:
        Rows by circuit, seed, parameter row, then falling value; indices = [parameter row]. Where
        the registers of an outcome came apart, labels are `register=bitstring` and each register
        sums to 1.
    """
    shares = share_out(counts.lazy().filter(pl.col("seed").is_in(list(seeds))).collect())
    capped = cap_outcomes(shares, settings.max_outcomes)
    apart = pl.col("register").n_unique().over("circuit_id", "seed", "parameter_row") > 1
    frame = capped.select(
        name=pl.lit("probability"),
        circuit_id="circuit_id",
        seed="seed",
        indices=pl.concat_list(pl.col("parameter_row").cast(pl.Int64)),
        label=pl.when(apart)
        .then(pl.format("{}={}", "register", "bitstring"))
        .otherwise("bitstring"),
        value="value",
        std="std",
    )
    return Combined(frame.lazy(), facts_of(shares, encoded, settings, seeds))


def share_out(counts: pl.DataFrame) -> pl.DataFrame:
    """One row per outcome with trials (null if exact), value and std.

    The arithmetic is numpy's: Polars divides a column by a scalar through the reciprocal, so the last
    bit would depend on whether the engine sees the total as a scalar.
    """
    total = pl.col("count").sum().over(DISTRIBUTION)
    returned = pl.coalesce(pl.when(total > 0).then(total), pl.col("shots"))
    exact = (pl.col("method") == "exact") | (returned <= 0)
    rows = counts.with_columns(
        total=pl.when(total > 0).then(total),
        trials=pl.when(~exact).then(returned).cast(pl.Int64),
    )
    count, weight, whole, trials = (
        rows[name].cast(pl.Float64).to_numpy() for name in ("count", "weight", "total", "trials")
    )
    value = np.where(np.isnan(weight), count / whole, weight)
    inside = np.clip(value, 0.0, 1.0)
    std = np.nan_to_num(np.sqrt(inside * (1.0 - inside) / trials))
    return rows.select(
        *DISTRIBUTION, "bitstring", "trials", value=pl.Series(value), std=pl.Series(std)
    )


def cap_outcomes(shares: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Keep the most probable outcomes of each distribution and sum the others as `rest`."""
    ordered = shares.sort(
        [*DISTRIBUTION, "value", "bitstring"],
        descending=[False] * len(DISTRIBUTION) + [True, False],
    )
    ranked = ordered.with_columns(rank=pl.int_range(pl.len()).over(DISTRIBUTION))
    rest = (
        ranked.filter(pl.col("rank") >= limit)
        .group_by(DISTRIBUTION, maintain_order=True)
        .agg(
            bitstring=pl.lit(REST),
            trials=pl.col("trials").first(),
            value=pl.col("value").sum(),
            std=(pl.col("std") ** 2).sum().sqrt(),
            rank=pl.lit(limit, dtype=pl.Int64),
        )
    )
    kept = ranked.filter(pl.col("rank") < limit)
    return pl.concat([kept, rest.select(kept.columns)]).sort([*DISTRIBUTION, "rank"])


def facts_of(
    shares: pl.DataFrame, encoded: Encoded, settings: Settings, seeds: Sequence[int]
) -> dict[str, Any]:
    """What a reader of the distributions must know."""
    sums = shares.group_by(DISTRIBUTION).agg(
        total=pl.col("value").sum(), least=pl.col("value").min(), outcomes=pl.len()
    )
    usable = encoded.frame.filter(
        pl.col("status").is_in(["ok", "changed"]) & pl.col("seed").is_in(list(seeds))
    ).select("circuit_id", "seed", "parameter_row")
    silent = usable.collect().join(shares, on=["circuit_id", "seed", "parameter_row"], how="anti")
    off = sums.filter((pl.col("total") - 1.0).abs() > LARGEST_SUM_ERROR)
    return {
        "distributions": sums.height,
        "quasi_probabilities": _names(sums.filter(pl.col("least") < 0.0)),
        "least_value": None if sums.is_empty() else float(sums["least"].min()),  # pyright: ignore[reportArgumentType]
        "shots": _shots(shares),
        "sum_off": _names(off),
        "capped": _names(sums.filter(pl.col("outcomes") > settings.max_outcomes)),
        "without_counts": _names(silent),
    }


def _shots(shares: pl.DataFrame) -> dict[str, int]:
    """Least number of shots behind a circuit's distributions; exact ones have none."""
    sampled = shares.filter(pl.col("trials").is_not_null())
    least = sampled.group_by("circuit_id").agg(pl.col("trials").min()).sort("circuit_id")
    return {name: int(trials) for name, trials in least.iter_rows()}


def _names(rows: pl.DataFrame) -> list[str]:
    """Circuits of some rows, sorted, without repetition."""
    return rows["circuit_id"].unique().sort().to_list()
