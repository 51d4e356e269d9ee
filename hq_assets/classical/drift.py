"""Drift of features against the training reference, with a stated false-alarm rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import ks_2samp

if TYPE_CHECKING:
    from collections.abc import Sequence

PSI_BINS = 10


@dataclass(frozen=True)
class FeatureDrift:
    """Drift of one feature.

    Attributes:
        feature: Name.
        ks: Kolmogorov-Smirnov distance of the two samples, 0 to 1.
        p_value: Chance of at least that distance without drift.
        psi: Population stability index, an effect size; it decides nothing.
        alarm: Whether the p-value lies below the share of the false-alarm rate.
    """

    feature: str
    ks: float
    p_value: float
    psi: float
    alarm: bool


def find_drift(
    names: Sequence[str], reference: np.ndarray, observed: np.ndarray, false_alarm_rate: float
) -> list[FeatureDrift]:
    """Test every feature for drift.

    The false-alarm rate holds for all features together, whatever their dependence (Bonferroni): a
    feature alarms below false_alarm_rate / features.

    Args:
        names: One per feature.
        reference: Training rows of shape (rows, features), finite.
        observed: New rows of shape (new rows, features), finite.
        false_alarm_rate: Chance of any alarm although nothing drifted.
    """
    threshold = false_alarm_rate / max(len(names), 1)
    found = []
    for j, name in enumerate(names):
        result = ks_2samp(reference[:, j], observed[:, j], method="asymp")
        p_value = float(result.pvalue)  # pyright: ignore[reportAttributeAccessIssue] - scipy's stubs
        psi = population_stability_index(reference[:, j], observed[:, j])
        ks = float(result.statistic)  # pyright: ignore[reportAttributeAccessIssue] - scipy's stubs
        found.append(FeatureDrift(name, ks, p_value, psi, p_value < threshold))
    return found


def population_stability_index(reference: np.ndarray, observed: np.ndarray) -> float:
    """Sum of (q - p) ln(q / p) over ten quantile bins of the reference, half a row added to each bin.

    Args:
        reference: Shape (rows,), finite.
        observed: Shape (new rows,), finite.
    """
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, PSI_BINS + 1)[1:-1]))
    shares = []
    for values in (reference, observed):
        bins = np.searchsorted(edges, values, side="right")
        counts = np.bincount(bins, minlength=len(edges) + 1) + 0.5
        shares.append(counts / counts.sum())
    p, q = shares
    return float(np.sum((q - p) * np.log(q / p)))
