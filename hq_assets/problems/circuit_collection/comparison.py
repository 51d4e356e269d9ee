"""Distance between a measured and an ideal distribution, with intervals by resampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Comparison:
    """How close two distributions are.

    Attributes:
        fidelity: Hellinger fidelity (Σ sqrt(p q))², 1 for equal distributions.
        fidelity_low: Lower end of its interval.
        fidelity_high: Upper end of its interval.
        expected_fidelity: Mean fidelity that a perfect backend reaches with as many shots.
        distance: Total variation distance ½ Σ |p - q|.
        distance_low: Lower end of its interval.
        distance_high: Upper end of its interval.
        expected_distance: Mean distance that a perfect backend keeps with as many shots.
        confidence: Share of resamples on the same side of the threshold as the result.
        shots: Shots behind the measured distribution; None where it is exact.
    """

    fidelity: float
    fidelity_low: float
    fidelity_high: float
    expected_fidelity: float
    distance: float
    distance_low: float
    distance_high: float
    expected_distance: float
    confidence: float
    shots: int | None

    @property
    def relative_fidelity(self) -> float:
        """Fidelity divided by what a perfect backend reaches with as many shots."""
        return self.fidelity / self.expected_fidelity


def align(
    measured: Mapping[str, float], ideal: Mapping[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two distributions over the union of their outcomes, sorted by label.

    Negative quasi-probabilities count as zero and the rest is scaled to sum 1, because the
    Hellinger fidelity is defined for probabilities only.

    Returns:
        Measured and ideal probabilities, both of shape (outcomes,).
    """
    labels = sorted({*measured, *ideal})
    p = np.array([max(measured.get(label, 0.0), 0.0) for label in labels])
    q = np.array([ideal.get(label, 0.0) for label in labels])
    return p / p.sum(), q / q.sum()


def hellinger_fidelity(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """(Σ sqrt(p q))² over the last axis."""
    return np.sum(np.sqrt(p * q), axis=-1) ** 2


def total_variation(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """½ Σ |p - q| over the last axis."""
    return np.sum(np.abs(p - q), axis=-1) / 2


def compare(
    p: NDArray[np.float64],
    q: NDArray[np.float64],
    *,
    shots: int | None,
    threshold: float,
    samples: int,
    level: float,
    rng: np.random.Generator,
) -> Comparison:
    """Compare measured p with ideal q.

    Intervals are basic bootstrap intervals: resampling a sampled distribution repeats its bias
    towards too small fidelities, and reflecting the resamples at the estimate takes it back.

    Args:
        p: Measured probabilities, shape (outcomes,).
        q: Ideal probabilities, shape (outcomes,).
        shots: Shots behind p; None for an exact distribution, which has intervals of no width.
        threshold: Least relative fidelity, for the confidence.
        samples: Resamples.
        level: Level of the intervals.
        rng: Source of the resamples.
    """
    fidelity, distance = float(hellinger_fidelity(p, q)), float(total_variation(p, q))
    if shots is None:
        return Comparison(
            fidelity, fidelity, fidelity, 1.0, distance, distance, distance, 0.0, 1.0, None
        )
    fidelities, distances = resample(p, q, shots, samples, rng)
    perfect_fidelities, perfect_distances = resample(q, q, shots, samples, rng)
    expected = float(perfect_fidelities.mean())
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.clip(2 * fidelity - np.quantile(fidelities, tails)[::-1], 0.0, 1.0)
    near, far = np.clip(2 * distance - np.quantile(distances, tails)[::-1], 0.0, 1.0)
    above = float(np.mean((2 * fidelity - fidelities) / expected >= threshold))
    confidence = above if fidelity / expected >= threshold else 1.0 - above
    return Comparison(
        fidelity,
        float(low),
        float(high),
        expected,
        distance,
        float(near),
        float(far),
        float(perfect_distances.mean()),
        confidence,
        shots,
    )


def resample(
    source: NDArray[np.float64],
    ideal: NDArray[np.float64],
    shots: int,
    samples: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fidelities and distances to the ideal of drawn distributions, each of shape (samples,)."""
    drawn = np.array(
        [_distances(rng.multinomial(shots, source) / shots, ideal) for _ in range(samples)]
    )
    return drawn[:, 0], drawn[:, 1]


def _distances(p: NDArray[np.float64], q: NDArray[np.float64]) -> tuple[float, float]:
    return float(hellinger_fidelity(p, q)), float(total_variation(p, q))
