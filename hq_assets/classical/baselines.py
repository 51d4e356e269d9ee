"""Tuned classical classifiers on the same rows as a quantum kernel: three kernels, logistic regression."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import linear_kernel, polynomial_kernel, rbf_kernel

from hq_assets.classical.kernel_classifier import (
    CrossValidated,
    choose_c,
    cross_validate,
    fit_margins,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Grids:
    """Candidates of a method's parameters.

    Attributes:
        c: Weights of errors.
        gamma: Factors of 1 / number of features, for the RBF and the polynomial kernel.
        degree: Degrees of the polynomial kernel.
        folds: Folds of the cross-validation.
    """

    c: Sequence[float]
    gamma: Sequence[float]
    degree: Sequence[int]
    folds: int


@dataclass(frozen=True)
class Baseline:
    """One tuned method on one split.

    Attributes:
        margins_test: Shape (test rows,); positive means the positive class.
        tuned: The chosen parameters.
        validation: Cross-validation on the training rows at the chosen parameters.
    """

    margins_test: np.ndarray
    tuned: dict[str, float]
    validation: CrossValidated


def fit_baseline(
    method: str, train: np.ndarray, positive: np.ndarray, test: np.ndarray, grids: Grids
) -> Baseline:
    """Tune a method by cross-validation on training rows and apply it to test rows.

    Args:
        method: `linear_svc`, `rbf_svc`, `poly_svc` or `logistic_regression`.
        train: Shape (training rows, features), finite.
        positive: Class per training row, bool.
        test: Shape (test rows, features), finite.
        grids: Candidates.

    Raises:
        ValueError: The method is not known.
    """
    scaled_train, scaled_test = standardize(train, test)
    if method == "logistic_regression":
        return _logistic_regression(scaled_train, positive, scaled_test, grids)
    kernels = _kernels(method, scaled_train.shape[1], grids)
    candidates = []
    for parameters, kernel_of in kernels:
        chosen = choose_c(kernel_of(scaled_train, scaled_train), positive, grids.c, grids.folds)
        candidates.append((chosen.result.score, {**parameters, "c": chosen.c}, kernel_of, chosen))
    _, tuned, kernel_of, chosen = max(candidates, key=lambda candidate: candidate[0])
    margins = fit_margins(
        kernel_of(scaled_train, scaled_train),
        positive,
        kernel_of(scaled_test, scaled_train),
        chosen.c,
    )
    return Baseline(margins, tuned, chosen.result)


def standardize(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both tables with the training rows' means removed and divided by their deviations.

    A constant feature becomes 0 in both.
    """
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    constant = deviation <= 1e-12 * np.maximum(np.abs(mean), 1.0)  # rounding
    scale = np.where(constant, np.inf, deviation)
    return (train - mean) / scale, (test - mean) / scale


def _kernels(
    method: str, features: int, grids: Grids
) -> list[tuple[dict[str, float], Callable[[np.ndarray, np.ndarray], np.ndarray]]]:
    """Parameters and kernel function of every candidate of a method."""
    gammas = [factor / features for factor in sorted(grids.gamma)]
    if method == "linear_svc":
        return [({}, linear_kernel)]
    if method == "rbf_svc":
        return [({"gamma": g}, _rbf(g)) for g in gammas]
    if method == "poly_svc":
        choices = product(sorted(grids.degree), gammas)
        return [({"degree": d, "gamma": g}, _polynomial(d, g)) for d, g in choices]
    message = (
        f"Baseline '{method}' is not known. "
        "Use linear_svc, rbf_svc, poly_svc or logistic_regression."
    )
    raise ValueError(message)


def _rbf(gamma: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda left, right: rbf_kernel(left, right, gamma=gamma)


def _polynomial(degree: int, gamma: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda left, right: polynomial_kernel(left, right, degree=degree, gamma=gamma, coef0=1)


def _logistic_regression(
    train: np.ndarray, positive: np.ndarray, test: np.ndarray, grids: Grids
) -> Baseline:
    def model(c: float) -> Any:
        return LogisticRegression(C=c, max_iter=2000)

    def validated(c: float) -> CrossValidated:
        def margins_of(fit: np.ndarray, held: np.ndarray) -> np.ndarray:
            return model(c).fit(train[fit], positive[fit]).decision_function(train[held])

        return cross_validate(margins_of, positive, grids.folds)

    results = {c: validated(c) for c in sorted(grids.c)}
    c = max(results, key=lambda candidate: results[candidate].score)
    margins = model(c).fit(train, positive).decision_function(test)
    return Baseline(margins, {"c": c}, results[c])
