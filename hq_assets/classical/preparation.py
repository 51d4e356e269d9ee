"""Preparation of features: fences and medians, then one fitted linear map into an encoding's range.

Everything is fitted on the rows given, which are training rows; nothing looks at other rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class CleaningFit:
    """What replaces missing values and bounds outliers; arrays of shape (features,)."""

    medians: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def apply(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fill and clip.

        Args:
            values: Shape (rows, features), NaN where missing.

        Returns:
            Finite values of the same shape, and a boolean array that marks those that were clipped.
        """
        clipped = np.clip(values, self.lower, self.upper)
        changed = clipped != values
        if changed.any():
            missing = np.isnan(values)
            clipped = np.where(missing, self.medians, clipped)
            changed &= ~missing
        return clipped, changed


def fit_cleaning(
    values: np.ndarray, quantiles: tuple[float, float], multiplier: float
) -> CleaningFit:
    """Fit medians and Tukey fences, ignoring missing values.

    A feature whose quantiles agree (nearly constant) gets no fences: they would clip every other value.

    Args:
        values: Training rows of shape (rows, features), NaN where missing.
        quantiles: Lower and upper quantile, q_low < q_high.
        multiplier: Fences lie `multiplier * (q_high - q_low)` beyond the quantiles.

    Raises:
        ValueError: A feature has no value at all.
    """
    empty = np.flatnonzero(np.isnan(values).all(axis=0))
    if empty.size:
        message = f"features {empty.tolist()} have no value in {len(values)} training rows"
        raise ValueError(message)
    low, middle, high = np.nanquantile(values, [quantiles[0], 0.5, quantiles[1]], axis=0)
    reach = multiplier * (high - low)
    flat = reach == 0
    return CleaningFit(
        medians=middle,
        lower=np.where(flat, -np.inf, low - reach),
        upper=np.where(flat, np.inf, high + reach),
    )


def anova_f(values: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """One-way ANOVA F of every feature between two classes; infinite where classes separate exactly.

    Args:
        values: Shape (rows, features), finite.
        positive: Class per row, bool; both classes are present.

    Returns:
        F of shape (features,); 0 for a constant feature.
    """
    groups = [values[positive], values[~positive]]
    means = np.array([group.mean(axis=0) for group in groups])
    sizes = np.array([[len(group)] for group in groups])
    between = (sizes * (means - values.mean(axis=0)) ** 2).sum(axis=0)
    within = sum(
        ((group - mean) ** 2).sum(axis=0) for group, mean in zip(groups, means, strict=True)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = between / (within / max(len(values) - len(groups), 1))
    return np.where(values.std(axis=0) == 0, 0.0, np.nan_to_num(ratio, nan=0.0, posinf=np.inf))


@dataclass(frozen=True)
class LinearEncoder:
    """Standardize, select, rotate and scale as one map `clip(x[columns] @ weights + offsets)`.

    Attributes:
        columns: Selected features, positions ascending, int64 of shape (selected,).
        weights: Shape (selected, components).
        offsets: Shape (components,).
        low: Lowest encoded value.
        high: Highest encoded value.
        steps: The fitted steps by name, for people: JSON-able parameters.
    """

    columns: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    low: float
    high: float
    steps: dict[str, dict[str, Any]]

    def apply(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Encode rows.

        Args:
            values: Shape (rows, features), finite.

        Returns:
            Components of shape (rows, components) in [low, high], and a boolean array of that shape
            that marks the clipped ones.
        """
        raw = values[:, self.columns] @ self.weights + self.offsets
        clipped = np.clip(raw, self.low, self.high)
        return clipped, np.abs(clipped - raw) > CLIP_TOLERANCE


CLIP_TOLERANCE = 1e-9
"""A component beyond the range by no more than rounding is not called clipped."""


def fit_linear_encoder(
    values: np.ndarray,
    positive: np.ndarray,
    *,
    selected: int,
    components: int,
    bounds: tuple[float, float],
    share: float,
    scaling: Literal["joint", "per_component"],
) -> LinearEncoder:
    """Fit the whole way from features to circuit parameters on training rows.

    The steps: constant features are left out, the rest standardized; the best by ANOVA F are kept;
    PCA (signs fixed: the largest loading of a component is positive) gives the components; training
    rows fill `share` of the bounds around their centre.

    Args:
        values: Training rows of shape (rows, features), finite.
        positive: Class per row, bool.
        selected: Features to keep.
        components: Components to keep.
        bounds: Lowest and highest encoded value.
        share: Part of the bounds that the training rows fill, in (0, 1].
        scaling: `joint` keeps the components' variances in proportion.

    Raises:
        ValueError: Fewer features vary than components are wanted.
    """
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    constant = deviation <= 1e-12 * np.maximum(np.abs(mean), 1.0)  # rounding
    varying = int((~constant).sum())
    if varying < components:
        message = f"only {varying} features vary in the training rows, but {components} are needed"
        raise ValueError(message)
    scores = np.where(constant, -np.inf, anova_f(values, positive))
    best = np.argsort(-scores, kind="stable")[: min(selected, varying)]
    columns = np.sort(best)
    scaled = (values[:, columns] - mean[columns]) / deviation[columns]
    directions, explained = _principal_components(scaled, components)
    projected = scaled @ directions
    half, centre = _half_widths(projected, scaling)
    reach = share * (bounds[1] - bounds[0]) / 2
    weights = directions / deviation[columns, None] * (reach / half)
    offsets = sum(bounds) / 2 - mean[columns] @ weights - centre * reach / half
    steps: dict[str, dict[str, Any]] = {
        "leave_out_constant": {"features": np.flatnonzero(constant).tolist()},
        "standardize": {"mean": mean.tolist(), "deviation": deviation.tolist()},
        "select_k_best": {
            "features": columns.tolist(),
            "anova_f": np.nan_to_num(scores[columns], posinf=1e308).tolist(),
        },
        "pca": {
            "components": directions.T.tolist(),
            "explained_variance_ratio": explained.tolist(),
        },
        "scale_to_range": {
            "scaling": scaling,
            "share": share,
            "bounds": list(bounds),
            "half_width": half.tolist(),
            "centre": centre.tolist(),
        },
    }
    low, high = sum(bounds) / 2 - reach, sum(bounds) / 2 + reach
    return LinearEncoder(columns, weights, offsets, low, high, steps)


def _principal_components(scaled: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions of shape (features, components) and their shares of the variance."""
    _, singular, rows = np.linalg.svd(scaled - scaled.mean(axis=0), full_matrices=False)
    directions = rows[:components].T
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(components)])
    variance = singular**2
    return directions, variance[:components] / variance.sum()


def _half_widths(
    projected: np.ndarray, scaling: Literal["joint", "per_component"]
) -> tuple[np.ndarray, np.ndarray]:
    """Half width and centre of the training rows, per component or (centre 0) for all together."""
    components = projected.shape[1]
    if scaling == "joint":
        half = np.full(components, np.abs(projected).max())
        centre = np.zeros(components)
    else:
        high, low = projected.max(axis=0), projected.min(axis=0)
        half, centre = (high - low) / 2, (high + low) / 2
    return np.where(half > 0, half, 1.0), centre
