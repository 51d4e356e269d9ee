"""From counts of pair circuits to kernel entries with standard errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from hq_assets.classical.kernel_matrices import Repair, fidelity_std, full_kernel, repair_by_shift
from hq_assets.problems.contract import Combined, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.problems.contract import Encoded
    from hq_assets.problems.kernel_classification.settings import Settings

KERNEL_NAMES = {"train": "kernel_train", "test": "kernel_test"}
"""Block of pairs → name of the quantity."""


def combine_results(
    counts: pl.LazyFrame, encoded: Encoded, settings: Settings, seeds: Sequence[int]
) -> Combined:
    """Turn the share of all-zero outcomes of each pair into a kernel entry.

    An entry is count / counts returned, or the weight. Its standard error is 0 for method exact, else
    that of `fidelity_std`. A kernel with a negative eigenvalue is shifted (`repair_by_shift`): its
    entries and errors carry the factor that stands in the facts, so that dividing by it gives the
    measured values.

    Args:
        counts: Columns circuit_id, seed, execution (number of the pair within circuit and seed),
            bitstring (zeros, or `rest`), count, weight, shots, method.
        encoded: Rows and pairs of `encode`.
        settings: Not read.
        seeds: Seeds to combine; one without any count has no rows.

    Returns:
        `kernel_train`: upper triangle without the diagonal, which is 1; `kernel_test`: test row, then
        training row. Indices are parameter rows; order by seed, then pair.

    Raises:
        DataError: Some, but not all pairs of a seed have counts.
    """
    del settings
    if encoded.pairs is None:
        message = (
            "The encoded inputs hold no pairs, but a kernel needs them. Materialize them again."
        )
        raise DataError(message)
    entries = _entries(counts, encoded.pairs, seeds)
    frames, facts = [], {}
    for (circuit_id, seed), part in entries.group_by("circuit_id", "seed", maintain_order=True):
        repaired, repair = _repair(part)
        frames.append(repaired)
        facts[f"{circuit_id}, seed {seed}"] = _repair_facts(repair, part)
    combined = pl.concat(frames) if frames else entries
    indices = pl.concat_arr("left", "right").arr.to_list()
    frame = combined.select(
        pl.col("block").replace_strict(KERNEL_NAMES).alias("name"),
        "circuit_id",
        "seed",
        indices.alias("indices"),
        pl.lit(None, pl.String).alias("label"),
        "value",
        "std",
    )
    return Combined(frame=frame.lazy(), facts=_summary(facts))


def _entries(counts: pl.LazyFrame, pairs: pl.LazyFrame, seeds: Sequence[int]) -> pl.DataFrame:
    """Pairs with value, std and method, ordered by circuit, seed and pair.

    Raises:
        DataError: Counts are missing.
    """
    key = ["circuit_id", "seed", "execution"]
    zeros = ~pl.col("bitstring").str.contains("[^0 ]")
    measured = (
        counts.group_by(key)
        .agg(
            zero_count=pl.col("count").filter(zeros).sum(),
            all_counts=pl.col("count").sum(),
            counted=pl.col("count").is_not_null().all(),
            weight=pl.col("weight").filter(zeros).sum(),
            shots=pl.col("shots").first(),
            method=pl.col("method").first(),
        )
    )  # fmt: skip
    number = pl.int_range(pl.len(), dtype=pl.Int64).over("circuit_id", "seed").alias("execution")
    numbered = pairs.filter(pl.col("seed").is_in(list(seeds))).with_columns(number)
    joined = numbered.join(measured, on=key, how="left", maintain_order="left").collect()
    answered = joined.select(pl.col("method").is_not_null().any().over("circuit_id", "seed"))
    joined = joined.filter(answered.to_series())
    lost = joined["method"].null_count()
    if lost:
        message = (
            f"{lost} of {len(joined)} kernel entries have no counts, so the kernel is incomplete. "
            "Collect the missing jobs, or submit them again."
        )
        raise DataError(message)
    return _with_values(joined)


def _with_values(entries: pl.DataFrame) -> pl.DataFrame:
    """Add value and std from counts where there are any, else from weights."""
    counted = entries["counted"].to_numpy() & (entries["all_counts"].to_numpy() > 0)
    total = np.where(counted, entries["all_counts"].to_numpy(), entries["shots"].to_numpy())
    shares = entries["zero_count"].to_numpy() / np.maximum(total, 1)
    value = np.clip(np.where(counted, shares, entries["weight"].to_numpy()), 0.0, 1.0)
    exact = (entries["method"] == "exact").to_numpy() | (total == 0)
    std = np.where(exact, 0.0, fidelity_std(value, np.maximum(total, 1)))
    return entries.select("circuit_id", "seed", "block", "left", "right", "method").with_columns(
        value=pl.Series(value), std=pl.Series(std)
    )


def _repair(entries: pl.DataFrame) -> tuple[pl.DataFrame, Repair]:
    """Make the training kernel of one seed positive semidefinite, its test kernel alike."""
    train = entries.filter(pl.col("block") == "train")
    size = int(train["right"].max()) + 1 if len(train) else 1  # pyright: ignore[reportArgumentType]
    kernel = full_kernel(
        train["left"].to_numpy(), train["right"].to_numpy(), train["value"].to_numpy(), size
    )
    repair = repair_by_shift(kernel, float(train["std"].max() or 0.0))  # pyright: ignore[reportArgumentType]
    if not repair.repaired:
        return entries, repair
    return entries.with_columns(pl.col("value", "std") * repair.factor), repair


def _repair_facts(repair: Repair, entries: pl.DataFrame) -> dict[str, Any]:
    return {
        "smallest_eigenvalue": repair.smallest_eigenvalue,
        "shot_noise_band": repair.band,
        "explained_by_shot_noise": repair.smallest_eigenvalue >= -repair.band,
        "repaired": repair.repaired,
        "factor": repair.factor,
        "method": entries["method"][0],
        "entries": len(entries),
    }


def _summary(kernels: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Facts of each kernel and the worst of all; numbers at the top are plotted over time."""
    found = kernels.values()
    summary: dict[str, Any] = {
        "kernels": kernels,
        "kernels_repaired": sum(k["repaired"] for k in found),
    }
    if kernels:
        summary["smallest_eigenvalue_measured"] = min(k["smallest_eigenvalue"] for k in found)
        summary["smallest_repair_factor"] = min(k["factor"] for k in found)
        summary["repair"] = "shift of the diagonal, (K + s I) / (1 + s)"
    return summary
