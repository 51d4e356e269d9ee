"""Margins and calibrated probabilities of one seed: quantum, every baseline, and both together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from hq_assets.classical.calibration import PlattScaling, fit_platt
from hq_assets.classical.kernel_classifier import choose_c, fit_margins
from hq_assets.classical.kernel_matrices import full_kernel
from hq_assets.problems.contract import DataError
from hq_assets.problems.kernel_classification.solve_classically import MARGIN
from hq_assets.problems.kernel_classification.split_rows import split_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hq_assets.problems.contract import Cleaned
    from hq_assets.problems.kernel_classification.settings import Settings
    from hq_assets.problems.kernel_classification.split_rows import SplitRows


@dataclass(frozen=True)
class Scores:
    """Answers of one method for the test rows of one seed.

    Attributes:
        method: Name, for people.
        margins: Shape (test rows,); positive means the positive class.
        probabilities: Calibrated probability of the positive class, same shape.
        validation: Cross-validated balanced accuracy on the training rows.
        platt: The calibration, fitted on out-of-fold margins of the training rows.
    """

    method: str
    margins: np.ndarray
    probabilities: np.ndarray
    validation: float
    platt: PlattScaling


@dataclass(frozen=True)
class SeedScores:
    """All answers of one seed.

    Attributes:
        seed: Seed of the split.
        rows: Its training and test rows.
        answer: What is decided by, or None where no result exists.
        baselines: Method → its answers; empty where there are none.
    """

    seed: int
    rows: SplitRows
    answer: Scores | None
    baselines: Mapping[str, Scores]

    @property
    def best_baseline(self) -> Scores | None:
        """The baseline with the best cross-validation on training rows; test rows are not looked at."""
        found = self.baselines.values()
        return max(found, key=lambda scores: scores.validation, default=None)

    @property
    def ensemble(self) -> np.ndarray | None:
        """Mean probability of the answer and the best baseline, shape (test rows,)."""
        if self.answer is None or self.best_baseline is None:
            return None
        return (self.answer.probabilities + self.best_baseline.probabilities) / 2


def score_seed(
    normalized: pl.DataFrame,
    baselines: pl.DataFrame,
    cleaned: Cleaned,
    settings: Settings,
    seed: int,
) -> SeedScores:
    """Score one seed.

    Args:
        normalized: Rows of that seed: kernel entries, or margins where the tier is classical.
        baselines: Rows of `solve_classically` of that seed.
        cleaned: Rows of `clean`.
        settings: Classifier and labels.
        seed: Seed of the split.

    Raises:
        DataError: The kernel lacks entries of rows that are to be decided.
    """
    rows = split_rows(cleaned, settings, seed)
    classical = {
        str(method): _from_margins(part, rows, str(method))
        for (method,), part in baselines.group_by(["method"], maintain_order=True)
    }
    if "kernel_train" in normalized["name"]:
        answer = _from_kernel(normalized, rows, settings)
    elif MARGIN in normalized["name"]:
        parts = normalized.filter(pl.col("name") == MARGIN).group_by(["label"], maintain_order=True)
        answers = {str(method): _from_margins(part, rows, str(method)) for (method,), part in parts}
        answer = max(answers.values(), key=lambda scores: _validation(scores, classical))
    else:
        answer = None
    return SeedScores(seed, rows, answer, classical)


def _validation(scores: Scores, classical: Mapping[str, Scores]) -> float:
    known = classical.get(scores.method)
    return scores.validation if known is None else known.validation


def _from_kernel(normalized: pl.DataFrame, rows: SplitRows, settings: Settings) -> Scores:
    num_train, num_rows = rows.num_train, len(rows.record_ids)
    left, right, values = _entries(normalized, "kernel_train")
    train = full_kernel(left, right, values, num_train)
    test = np.full((num_rows - num_train, num_train), np.nan)
    left, right, values = _entries(normalized, "kernel_test")
    test[left - num_train, right] = values
    lost = int(np.isnan(train).sum() + np.isnan(test).sum())
    if lost:
        message = (
            f"The kernel of {num_train} training and {len(test)} test rows lacks {lost} entries. "
            "Materialize normalized_results again."
        )
        raise DataError(message)
    positive, rule = rows.positive[rows.train], settings.classifier
    chosen = choose_c(train, positive, rule.c_grid, rule.folds)
    platt = fit_platt(chosen.result.margins, positive)
    margins = fit_margins(train, positive, test, chosen.c)
    name = f"kernel SVC, C = {chosen.c:g}"
    return Scores(name, margins, platt.probabilities(margins), chosen.result.score, platt)


def _entries(normalized: pl.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left and right indices and values of one quantity."""
    found = normalized.filter(pl.col("name") == name)
    left, right = (found["indices"].list.get(k).to_numpy() for k in (0, 1))
    return left, right, found["value"].to_numpy()


def _from_margins(part: pl.DataFrame, rows: SplitRows, method: str) -> Scores:
    """Scores of a baseline from its margins of all training and test rows."""
    margins = np.full(len(rows.record_ids), np.nan)
    margins[part["indices"].list.get(0).to_numpy()] = part["value"].to_numpy()
    if np.isnan(margins).any():
        message = (
            f"Baseline {method} lacks {int(np.isnan(margins).sum())} of {len(margins)} records. "
            "Materialize baselines again."
        )
        raise DataError(message)
    positive = rows.positive[rows.train]
    platt = fit_platt(margins[rows.train], positive)
    test = margins[rows.test]
    validation = _balanced_accuracy(margins[rows.train] > 0, positive)
    if "quality" in part.columns and part.filter(pl.col("split") == "train").height:
        validation = float(part.filter(pl.col("split") == "train")["quality"][0])
    return Scores(method, test, platt.probabilities(test), validation, platt)


def _balanced_accuracy(predicted: np.ndarray, positive: np.ndarray) -> float:
    return float((predicted[positive].mean() + (~predicted[~positive]).mean()) / 2)
