"""Differences of two methods on the same splits, with intervals that do not pretend independence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import t

Verdict = Literal["better", "equal", "worse", "not established"]


@dataclass(frozen=True)
class PairedDifference:
    """Mean difference over seeds.

    Attributes:
        mean: Mean of (first - second).
        low: Lower end of the interval, or None with fewer than two seeds.
        high: Upper end.
        seeds: Number of seeds.
        verdict: What the interval says about the first method.
    """

    mean: float
    low: float | None
    high: float | None
    seeds: int
    verdict: Verdict


def compare_paired(
    first: np.ndarray,
    second: np.ndarray,
    test_share: float,
    level: float = 0.95,
    margin: float = 0.02,
    resolution: float = 0.0,
) -> PairedDifference:
    """Compare two methods by their quality per seed; larger is better.

    Splits of one data set overlap, so the plain t-interval is too narrow. The variance is multiplied
    by 1/n + test rows / training rows instead of 1/n (corrected resampled t-test,
    doi:10.1023/A:1024068626366).

    Args:
        first: Quality per seed, shape (seeds,).
        second: Quality of the other method under the same seeds.
        test_share: Test rows / training rows.
        level: Confidence level.
        margin: An interval within -margin to margin counts as equal.
        resolution: Smallest difference that one seed can show, for a share one over the test rows;
            the interval reaches at least that far, also where all seeds happen to agree.
    """
    difference = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    seeds, mean = len(difference), float(difference.mean())
    if seeds < 2:  # noqa: PLR2004 - a spread needs two
        return PairedDifference(mean, None, None, seeds, "not established")
    variance = float(difference.var(ddof=1)) * (1 / seeds + test_share)
    reach = max(float(t.ppf((1 + level) / 2, seeds - 1)) * variance**0.5, resolution)
    low, high = mean - reach, mean + reach
    return PairedDifference(mean, low, high, seeds, _verdict(low, high, margin))


def _verdict(low: float, high: float, margin: float) -> Verdict:
    if -margin <= low and high <= margin:
        return "equal"
    if low > 0:
        return "better"
    if high < 0:
        return "worse"
    return "not established"
