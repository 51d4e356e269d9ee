"""Drift of test rows against the training reference, with a stated false-alarm rate.

Each feature under each seed is one two-sample test of Kolmogorov and Smirnov. With m tests and a
wanted false-alarm rate a for all of them together, a test raises an alarm below p = a / m
(Bonferroni), whatever the dependence between features and seeds. The population stability index
over ten quantile bins of the reference is reported as an effect size; it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hq_assets.checks import facts as known
from hq_assets.checks.judgement import EXAMPLES, Judgement

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

    from hq_assets.checks.facts import CheckFacts

FEWEST_ROWS = 8
"""Below this number of rows on a side a feature is not judged."""
MOST_ROWS = 20_000
"""Rows of each side that are compared; more are thinned evenly."""
PSI_BINS = 10


@dataclass(frozen=True)
class Drift:
    """Drift of one feature under one seed.

    Attributes:
        feature: Column, or `values[k]` for an encoded component.
        seed: Seed of the split.
        statistic: Kolmogorov-Smirnov distance between the two empirical distributions, 0 to 1.
        p_value: Probability of at least this distance without drift, by the limiting law.
        psi: Population stability index.
    """

    feature: str
    seed: int
    statistic: float
    p_value: float
    psi: float


def drift(feature: str, seed: int, reference: np.ndarray, observed: np.ndarray) -> Drift:
    """Compare two samples of one feature.

    Args:
        feature: Name.
        seed: Seed of the split.
        reference: Training values, shape (n,), finite.
        observed: Test values, shape (m,), finite.
    """
    from scipy.special import kolmogorov

    n, m = len(reference), len(observed)
    statistic = kolmogorov_smirnov_distance(reference, observed)
    # The limiting law: its p-values are too large at finite n and m, so that it alarms less.
    p_value = float(kolmogorov(statistic * (n * m / (n + m)) ** 0.5))
    return Drift(feature, seed, statistic, p_value, population_stability_index(reference, observed))


def kolmogorov_smirnov_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Largest distance between two empirical distribution functions, 0 to 1."""
    import numpy as np

    values = np.concatenate([first, second])
    ranks = [
        np.searchsorted(np.sort(side), values, side="right") / len(side) for side in (first, second)
    ]
    return float(np.abs(ranks[0] - ranks[1]).max())


def population_stability_index(reference: np.ndarray, observed: np.ndarray) -> float:
    """Σ (q - p) ln(q / p) over ten quantile bins of the reference, half a row added to each bin."""
    import numpy as np

    edges = np.unique(np.quantile(reference, np.linspace(0, 1, PSI_BINS + 1)[1:-1]))
    shares = []
    for values in (reference, observed):
        counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        shares.append((counts + 0.5) / (counts + 0.5).sum())
    p, q = shares
    return float(np.sum((q - p) * np.log(q / p)))


def judge_drift(rows: pl.LazyFrame, columns: Sequence[str], facts: CheckFacts) -> list[Judgement]:
    """One judgement over the fixed features (critical) and one over those that may drift (warning).

    Args:
        rows: Columns seed, split, status and the numeric feature columns; only usable rows count.
        columns: Features to compare.
        facts: Which features are fixed, and the false-alarm rate of both judgements together.
    """
    import polars as pl

    usable = rows.filter(
        pl.col("status").is_in(known.USABLE) & pl.col("split").is_in(["train", "test"])
    )
    usable = usable.select("seed", "split", pl.col(columns).cast(pl.Float64))
    found: list[Drift] = []
    compared = _thinned(usable).collect(engine="streaming")
    for (seed,), part in sorted(compared.group_by(["seed"]), key=lambda entry: entry[0]):
        train, test = (part.filter(pl.col("split") == split) for split in ("train", "test"))
        for column in columns:
            sides = [_finite(side[column]) for side in (train, test)]
            if min(map(len, sides)) >= FEWEST_ROWS:
                found.append(drift(column, int(seed), *sides))  # pyright: ignore[reportArgumentType]
    return verdicts(found, facts)


def _thinned(usable: pl.LazyFrame) -> pl.LazyFrame:
    """Every k-th row, so that no split of a seed keeps more than about 2 `MOST_ROWS`."""
    import polars as pl

    every = (pl.len() // MOST_ROWS).clip(lower_bound=1)
    steps = usable.group_by("seed", "split").agg(__every=every)
    numbered = usable.with_row_index("__row").join(steps, on=["seed", "split"])
    return numbered.filter(pl.col("__row") % pl.col("__every") == 0).drop("__row", "__every")


def _finite(values: pl.Series) -> np.ndarray:
    return values.filter(values.is_finite()).to_numpy()


def verdicts(found: Sequence[Drift], facts: CheckFacts) -> list[Judgement]:
    """Alarms among all tests at the declared false-alarm rate, by severity."""
    threshold = facts.drift_false_alarm_rate / max(len(found), 1)
    fixed = {name for name, mark in facts.feature_contract.items() if mark == "fixed"}
    groups = {
        "drift_of_fixed_features": [entry for entry in found if entry.feature in fixed],
        "drift_of_features_that_may_drift": [
            entry for entry in found if entry.feature not in fixed
        ],
    }
    first, second = (_verdict(name, group, threshold, facts) for name, group in groups.items())
    return [first, second] if groups["drift_of_fixed_features"] else [second]


def _verdict(name: str, group: Sequence[Drift], threshold: float, facts: CheckFacts) -> Judgement:
    alarms = sorted(
        (entry for entry in group if entry.p_value < threshold), key=lambda e: e.p_value
    )
    rows = [
        {
            "feature": entry.feature,
            "seed": entry.seed,
            "ks": round(entry.statistic, 4),
            "p": entry.p_value,
            "psi": round(entry.psi, 3),
            "reason": "test rows are distributed otherwise than the training reference",
        }
        for entry in alarms[:EXAMPLES]
    ]
    fixed = name == "drift_of_fixed_features"
    summary = (
        f"{len(alarms)} of {len(group)} tests beyond p = {threshold:.2g} "
        f"(false alarms: {facts.drift_false_alarm_rate:g} for all tests together)"
    )
    label = "fixed" if fixed else "may_drift"
    numbers = {
        f"largest_ks_{label}": max((entry.statistic for entry in group), default=0.0),
        f"largest_psi_{label}": max((entry.psi for entry in group), default=0.0),
        f"smallest_p_{label}": min((entry.p_value for entry in group), default=1.0),
        f"{name}_alarms": len(alarms),
    }
    return Judgement(name, not alarms, "critical" if fixed else "warning", summary, rows, numbers)
