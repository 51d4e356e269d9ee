"""Calibrated probabilities from margins, and how well predicted and observed frequencies agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, xlogy
from scipy.stats import norm


@dataclass(frozen=True)
class PlattScaling:
    """Probability of the positive class, 1 / (1 + exp(-(slope * margin + intercept)))."""

    slope: float
    intercept: float

    def probabilities(self, margins: np.ndarray) -> np.ndarray:
        """Probabilities of margins, same shape, in (0, 1)."""
        return expit(self.slope * margins + self.intercept)


def fit_platt(margins: np.ndarray, positive: np.ndarray) -> PlattScaling:
    """Fit Platt's sigmoid by Newton steps with backtracking (doi:10.1007/s10994-007-5018-6).

    The targets are Platt's (n + 1) / (n + 2) and 1 / (n + 2), so that separable margins keep finite
    slopes.

    Args:
        margins: Margins of rows that their model was not fitted on, shape (rows,).
        positive: Class per row, bool; both classes are present.
    """
    count = int(positive.sum())
    high, low = (count + 1) / (count + 2), 1 / (len(positive) - count + 2)
    target = np.where(positive, high, low)
    scale = float(np.abs(margins).max()) or 1.0
    design = np.column_stack([margins / scale, np.ones(len(margins))])
    weights = np.array([0.0, np.log((count + 1) / (len(positive) - count + 1))])
    for _ in range(100):
        predicted = expit(design @ weights)
        gradient = design.T @ (predicted - target)
        if np.abs(gradient).max() < 1e-9 * len(margins):  # per row
            break
        hessian = (design * (predicted * (1 - predicted))[:, None]).T @ design
        step = np.linalg.solve(hessian + 1e-12 * np.eye(2), gradient)
        weights = _backtrack(design, target, weights, step)
    return PlattScaling(float(weights[0] / scale), float(weights[1]))


def _backtrack(
    design: np.ndarray, target: np.ndarray, weights: np.ndarray, step: np.ndarray
) -> np.ndarray:
    """The longest halved step that does not raise the loss."""

    def loss(candidate: np.ndarray) -> float:
        exponents = design @ candidate
        return float(np.sum(np.logaddexp(0, exponents) - target * exponents))

    before = loss(weights)
    for halvings in range(30):
        candidate = weights - step / 2**halvings
        if loss(candidate) <= before:
            return candidate
    return weights


def brier_score(probabilities: np.ndarray, positive: np.ndarray) -> float:
    """Mean squared difference of probability and outcome, 0 (best) to 1."""
    return float(np.mean((probabilities - positive) ** 2))


def log_loss(probabilities: np.ndarray, positive: np.ndarray) -> float:
    """Mean negative log likelihood, in nats."""
    of_class = np.where(positive, probabilities, 1 - probabilities)
    return float(-np.mean(xlogy(1.0, np.clip(of_class, 1e-15, 1.0))))


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows whose predicted probability lies in one bin.

    Attributes:
        predicted: Mean predicted probability.
        observed: Share of positives.
        low: Lower end of the Wilson interval of that share.
        high: Upper end.
        count: Rows.
    """

    predicted: float
    observed: float
    low: float
    high: float
    count: int


def reliability(
    probabilities: np.ndarray, positive: np.ndarray, bins: int, level: float = 0.95
) -> list[ReliabilityBin]:
    """Compare predicted and observed frequencies in equally wide bins; empty bins are left out.

    Args:
        probabilities: Of the positive class, shape (rows,), in [0, 1].
        positive: Class per row, bool.
        bins: Number of bins.
        level: Confidence level of the intervals.
    """
    number = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    result = []
    for k in np.unique(number):
        members = number == k
        count, hits = int(members.sum()), int(positive[members].sum())
        low, high = wilson_interval(hits, count, level)
        mean = float(probabilities[members].mean())
        result.append(ReliabilityBin(mean, hits / count, low, high, count))
    return result


def expected_calibration_error(probabilities: np.ndarray, positive: np.ndarray, bins: int) -> float:
    """Mean distance of predicted and observed frequency, weighted by the rows of the bins."""
    found = reliability(probabilities, positive, bins)
    total = sum(entry.count for entry in found)
    return sum(entry.count * abs(entry.predicted - entry.observed) for entry in found) / total


def wilson_interval(hits: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of a share (doi:10.1080/01621459.1927.10502953), inside [0, 1].

    Args:
        hits: Successes.
        count: Trials, at least 1.
        level: Confidence level.
    """
    z = float(norm.ppf((1 + level) / 2))
    share = hits / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    spread = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return max(0.0, float(centre - spread)), min(1.0, float(centre + spread))
