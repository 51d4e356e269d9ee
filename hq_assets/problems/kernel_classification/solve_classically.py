"""What tuned classical classifiers say about the same records under the same splits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from hq_assets.classical.baselines import Baseline, Grids, fit_baseline
from hq_assets.problems.contract import Baselines
from hq_assets.problems.kernel_classification.split_rows import SplitRows, split_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.problems.contract import Cleaned
    from hq_assets.problems.kernel_classification.settings import Settings

MARGIN = "margin"
"""Name of the quantity."""


def solve_classically(cleaned: Cleaned, settings: Settings, seeds: Sequence[int]) -> Baselines:
    """Tune each method on the training rows of each seed and apply it to the test rows.

    The methods see all cleaned features, standardized; a quantum kernel sees the selected components.

    Args:
        cleaned: Rows of `clean`.
        settings: Methods and grids.
        seeds: Seeds of the splits.

    Returns:
        Rows named `margin`, ordered by seed, method and parameter row (the only index, numbered as by
        `encode`); label and method name the method, value is positive for the positive class, std is
        0 because nothing is sampled. Training rows hold out-of-fold margins and as quality the
        cross-validated balanced accuracy; test rows the balanced accuracy of the labelled test rows.
    """
    rule = settings.baselines
    grids = Grids(rule.c_grid, rule.gamma_grid, rule.degree_grid, settings.classifier.folds)
    frames, facts = [], {}
    for seed in seeds:
        rows = split_rows(cleaned, settings, seed)
        train, test = rows.values[rows.train], rows.values[rows.test]
        scores: dict[str, Any] = {}
        for method in rule.methods:
            found = fit_baseline(method, train, rows.positive[rows.train], test, grids)
            quality = _quality(found, rows)
            frames.append(_frame(found, rows, method, seed, quality["balanced_accuracy"]))
            scores[method] = {**quality, "tuned": found.tuned}
        best = max(scores, key=lambda name: scores[name]["cross_validated"])
        facts[str(seed)] = {"best_by_cross_validation": best, "methods": scores}
    return Baselines(frame=pl.concat(frames).lazy(), facts={"seeds": facts})


def _quality(found: Baseline, rows: SplitRows) -> dict[str, float | None]:
    """Quality on labelled test rows; None where a class is absent there."""
    known = rows.labelled_test
    truth, margins = rows.positive[rows.test][known], found.margins_test[known]
    both = bool(truth.any()) and not truth.all()
    return {
        "cross_validated": found.validation.score,
        "accuracy": float(accuracy_score(truth, margins > 0)) if len(truth) else None,
        "balanced_accuracy": float(balanced_accuracy_score(truth, margins > 0)) if both else None,
        "roc_auc": float(roc_auc_score(truth, margins)) if both else None,
    }


def _frame(
    found: Baseline, rows: SplitRows, method: str, seed: int, quality: float | None
) -> pl.DataFrame:
    count, num_test = len(rows.record_ids), len(found.margins_test)
    qualities = [found.validation.score] * rows.num_train + [quality] * num_test
    return pl.DataFrame(
        {
            "name": [MARGIN] * count,
            "circuit_id": pl.Series([None] * count, dtype=pl.String),
            "seed": pl.Series([seed] * count, dtype=pl.Int64),
            "indices": [[row] for row in range(count)],
            "label": [method] * count,
            "value": np.concatenate([found.validation.margins, found.margins_test]),
            "std": np.zeros(count),
            "method": [method] * count,
            "split": ["train"] * rows.num_train + ["test"] * num_test,
            "quality": pl.Series(qualities, dtype=pl.Float64),
            "record_id": rows.record_ids,
        }
    )
