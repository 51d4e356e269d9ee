"""Measured kernel matrices: standard errors of fidelities, what shot noise does to eigenvalues, repair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigvalsh

TRACY_WIDOM_999 = 3.27
"""0.999 quantile of the Tracy-Widom law of real symmetric matrices (doi:10.1007/BF02099545)."""

ROUNDING = 1e-9
"""Slack per row for float64 arithmetic on values of order one."""


def fidelity_std(probability: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """Standard error of observed shares of shots.

    The binomial error sqrt(p (1 - p) / n). At p = 0 and p = 1, where that is 0 although little is
    known, the standard deviation of the posterior from a uniform prior (rule of succession):
    sqrt((n + 1) / ((n + 2)² (n + 3))).

    Args:
        probability: Observed shares, shape (entries,).
        shots: Shots n of each entry, at least 1, same shape.

    Returns:
        Shape (entries,).
    """
    binomial = np.sqrt(np.clip(probability * (1 - probability), 0.0, None) / shots)
    at_an_end = np.sqrt((shots + 1.0) / ((shots + 2.0) ** 2 * (shots + 3.0)))
    return np.where((probability <= 0) | (probability >= 1), at_an_end, binomial)


def shot_noise_band(size: int, largest_std: float) -> float:
    """How far below zero shot noise may push the smallest eigenvalue of a true kernel.

    By Weyl's inequality at most by the spectral norm of the noise, which for independent entries of
    standard deviation at most s is below s (2 sqrt(n) + q n^(-1/6)) with q the 0.999 quantile of the
    Tracy-Widom law: 0.1% false alarms per kernel.
    """
    reach = 2 * size**0.5 + TRACY_WIDOM_999 * size ** (-1 / 6)
    return largest_std * reach + ROUNDING * size


@dataclass(frozen=True)
class Repair:
    """How a kernel was made positive semidefinite.

    Attributes:
        smallest_eigenvalue: Of the measured matrix with unit diagonal.
        band: How much of it shot noise explains.
        factor: All entries off the diagonal, training and test, are multiplied by it; 1 without repair.
    """

    smallest_eigenvalue: float
    band: float
    factor: float

    @property
    def repaired(self) -> bool:
        """Whether entries were changed."""
        return self.factor != 1.0


def repair_by_shift(kernel: np.ndarray, largest_std: float) -> Repair:
    """Find the shift that makes a kernel positive semidefinite and keeps its diagonal 1.

    (K + s I) / (1 + s) with s = -smallest eigenvalue. A shift touches the diagonal only, so that
    kernels with new rows stay consistent with it up to the common factor 1 / (1 + s), unlike clipping
    of eigenvalues (doi:10.1007/11503415_25).

    Args:
        kernel: Symmetric with unit diagonal, shape (rows, rows).
        largest_std: Largest standard error of an entry.
    """
    smallest = float(eigvalsh(kernel, subset_by_index=[0, 0])[0])
    shift = -smallest if smallest < -ROUNDING * len(kernel) else 0.0
    return Repair(smallest, shot_noise_band(len(kernel), largest_std), 1.0 / (1.0 + shift))


def full_kernel(left: np.ndarray, right: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Symmetric matrix with unit diagonal from its upper triangle.

    Args:
        left: Row per entry, shape (entries,).
        right: Column per entry, another than the row.
        values: Entries.
        size: Number of rows.

    Returns:
        Shape (size, size); NaN where no entry was given.
    """
    kernel = np.full((size, size), np.nan)
    kernel[left, right] = values
    kernel[right, left] = values
    np.fill_diagonal(kernel, 1.0)
    return kernel
