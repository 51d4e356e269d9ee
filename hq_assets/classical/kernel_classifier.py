"""Support vector machines on given kernel matrices: choice of C, margins, out-of-fold margins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLD_SEED = 0
"""Seed of the folds: the same rows have the same folds under every method, so that they compare."""


@dataclass(frozen=True)
class CrossValidated:
    """Result of a cross-validation.

    Attributes:
        score: Mean balanced accuracy over the folds.
        error: Standard error of that mean.
        margins: Out-of-fold margins, shape (rows,); positive means the positive class.
    """

    score: float
    error: float
    margins: np.ndarray


@dataclass(frozen=True)
class ChosenC:
    """The chosen C and its cross-validation."""

    c: float
    result: CrossValidated


def cross_validate(
    margins_of: Callable[[np.ndarray, np.ndarray], np.ndarray], positive: np.ndarray, folds: int
) -> CrossValidated:
    """Cross-validate a method on training rows.

    Args:
        margins_of: From the positions to fit on and the positions held out to the latter's margins.
        positive: Class per row, bool, shape (rows,).
        folds: Number of stratified folds, at most the rows of the smaller class.
    """
    splitter = StratifiedKFold(folds, shuffle=True, random_state=FOLD_SEED)
    margins, scores = np.empty(len(positive)), []
    for fit, held in splitter.split(np.zeros(len(positive)), positive):
        margins[held] = margins_of(fit, held)
        scores.append(balanced_accuracy_score(positive[held], margins[held] > 0))
    error = float(np.std(scores, ddof=1) / np.sqrt(len(scores)))
    return CrossValidated(float(np.mean(scores)), error, margins)


def choose_c(
    kernel: np.ndarray, positive: np.ndarray, c_grid: Sequence[float], folds: int
) -> ChosenC:
    """Choose C by cross-validated balanced accuracy on the rows of a kernel; of equals the smallest.

    Args:
        kernel: Shape (rows, rows), symmetric positive semidefinite.
        positive: Class per row, bool.
        c_grid: Candidates, at least one.
        folds: Number of folds.
    """

    def validated(c: float) -> ChosenC:
        def margins_of(fit: np.ndarray, held: np.ndarray) -> np.ndarray:
            inner = kernel[np.ix_(fit, fit)]
            return fit_margins(inner, positive[fit], kernel[np.ix_(held, fit)], c)

        return ChosenC(c, cross_validate(margins_of, positive, folds))

    return max((validated(c) for c in sorted(c_grid)), key=lambda chosen: chosen.result.score)


def fit_margins(
    kernel: np.ndarray, positive: np.ndarray, kernel_new: np.ndarray, c: float
) -> np.ndarray:
    """Margins of new rows.

    Args:
        kernel: Training kernel of shape (rows, rows).
        positive: Class per training row, bool.
        kernel_new: Shape (new rows, rows).
        c: Weight of errors.

    Returns:
        Shape (new rows,); positive means the positive class.
    """
    machine = SVC(kernel="precomputed", C=c).fit(kernel, positive)
    return machine.decision_function(kernel_new)
