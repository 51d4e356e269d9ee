"""From a kernel to decisions: class, margin, calibrated probability, abstention, and what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from hq_assets.classical.drift import FeatureDrift, find_drift
from hq_assets.problems.contract import Decided
from hq_assets.problems.kernel_classification.quality_report import quality_report
from hq_assets.problems.kernel_classification.seed_scores import SeedScores, score_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.problems.contract import Baselines, Cleaned, Combined
    from hq_assets.problems.kernel_classification.settings import Settings

CONFIDENCE_KIND = "calibrated probability of the label"


def decide(
    normalized: Combined,
    baselines: Baselines,
    cleaned: Cleaned,
    settings: Settings,
    seeds: Sequence[int],
) -> Decided:
    """Decide on every test record of every seed.

    C and the calibration are fitted by cross-validation within the training kernel. Where the tier is
    classical, the normalized rows are margins of baselines and the one best in cross-validation
    decides. A seed without results abstains.

    Args:
        normalized: Kernel entries of `combine_results`, or rows of `solve_classically`.
        baselines: Rows of `solve_classically`.
        cleaned: Rows of `clean`.
        settings: Classifier and decision rule.
        seeds: Declared seeds; the first is the published one.

    Returns:
        Decisions ordered by seed, then as the cleaned rows. Own columns: probability (of the positive
        label), true_label (null for a new record), baseline_probability, ensemble_probability (mean of
        both). Outcomes: `retrain` where a fixed feature drifted, `abstain` inside the band, `action`
        for a positive label at action_from or above, else `recommendation`.

    Raises:
        DataError: Results of a seed are incomplete.
    """
    wanted = pl.col("seed").is_in(list(seeds))
    results = normalized.frame.filter(wanted).collect(engine="streaming")
    classical = baselines.frame.filter(wanted).collect(engine="streaming")
    scored, frames, drifts = [], [], {}
    for seed in seeds:
        own = pl.col("seed") == seed
        scores = score_seed(results.filter(own), classical.filter(own), cleaned, settings, seed)
        drifts[seed] = _drift(scores, settings)
        scored.append(scores)
        frames.append(_decisions(scores, drifts[seed], settings, published=seed == seeds[0]))
    report = quality_report(scored, frames, drifts[seeds[0]], settings)
    frame = pl.concat(frames)
    return Decided(
        frame=frame.lazy(), metrics=report.metrics, tables=report.tables, series=report.series
    )


def _drift(scores: SeedScores, settings: Settings) -> list[FeatureDrift]:
    rows = scores.rows
    train, test = rows.values[rows.train], rows.values[rows.test]
    fixed = [j for j, f in enumerate(settings.features.values()) if f.drift == "fixed"]
    names = np.array(list(settings.features))
    rate = settings.decision.drift_false_alarm_rate
    found = find_drift(names[fixed].tolist(), train[:, fixed], test[:, fixed], rate)
    others = [j for j in range(len(names)) if j not in fixed]
    return found + find_drift(names[others].tolist(), train[:, others], test[:, others], rate)


def _decisions(
    scores: SeedScores, drift: list[FeatureDrift], settings: Settings, *, published: bool
) -> pl.DataFrame:
    """Decisions of one seed."""
    rows, rule = scores.rows, settings.decision
    records = rows.record_ids[rows.test]
    base = {
        "record_id": records,
        "seed": pl.Series([scores.seed] * len(records), dtype=pl.Int64),
        "published": [published] * len(records),
        "true_label": pl.Series(rows.labels[rows.test], dtype=pl.String),
    }
    if scores.answer is None:
        reason = f"no result exists for seed {scores.seed}"
        return pl.DataFrame(base).select(
            *_ORDER[:3],
            outcome=pl.lit("abstain"),
            **{name: pl.lit(None, kind) for name, kind in _EMPTY.items()},
            reason=pl.lit(reason),
            true_label="true_label",
        ).select(_ORDER)  # fmt: skip
    probability = scores.answer.probabilities
    positive = probability >= rule.threshold
    alarmed = {
        f.feature for f in drift if f.alarm and settings.features[f.feature].drift == "fixed"
    }
    outcomes, reasons = _outcomes(probability, positive, sorted(alarmed), settings)
    best, ensemble = scores.best_baseline, scores.ensemble
    nothing = pl.Series([None] * len(records), dtype=pl.Float64)
    other = best.probabilities if best is not None else nothing
    method = (
        f"{scores.answer.method}; Platt scaling on out-of-fold margins of {rows.num_train} "
        f"training rows in {settings.classifier.folds} folds"
    )
    columns = {
        **base,
        "outcome": outcomes,
        "label": _labels(positive, settings),
        "score": scores.answer.margins,
        "confidence_value": np.where(positive, probability, 1 - probability),
        "confidence_kind": [CONFIDENCE_KIND] * len(records),
        "confidence_method": [method] * len(records),
        "reason": pl.Series(reasons, dtype=pl.String),
        "baseline_ref": pl.Series(
            [None if best is None else f"{best.method}, seed {scores.seed}"] * len(records),
            dtype=pl.String,
        ),
        "baseline_label": pl.Series(
            [None] * len(records)
            if best is None
            else _labels(best.probabilities >= rule.threshold, settings),
            dtype=pl.String,
        ),
        "probability": probability,
        "baseline_probability": other,
        "ensemble_probability": ensemble if ensemble is not None else nothing,
    }
    return pl.DataFrame(columns).select(_ORDER)


_ORDER = (
    "record_id", "seed", "published", "outcome", "label", "score", "confidence_value",
    "confidence_kind", "confidence_method", "reason", "baseline_ref", "baseline_label",
    "probability", "true_label", "baseline_probability", "ensemble_probability",
)  # fmt: skip

_EMPTY = {
    **dict.fromkeys(("label", "confidence_kind", "confidence_method"), pl.String),
    **dict.fromkeys(("baseline_ref", "baseline_label"), pl.String),
    **dict.fromkeys(("score", "confidence_value", "probability"), pl.Float64),
    **dict.fromkeys(("baseline_probability", "ensemble_probability"), pl.Float64),
}
"""Columns that are null where no result exists."""


def _labels(positive: np.ndarray, settings: Settings) -> list[str]:
    return np.where(positive, settings.positive_label, settings.negative_label).tolist()


def _outcomes(
    probability: np.ndarray, positive: np.ndarray, drifted: list[str], settings: Settings
) -> tuple[list[str], list[str | None]]:
    """Outcome per record, and the reason of those that are no decision."""
    rule = settings.decision
    low, high = rule.abstain_between
    outcomes, reasons = [], []
    for p, is_positive in zip(probability.tolist(), positive.tolist(), strict=True):
        reason = None
        if drifted:
            outcome, reason = "retrain", f"fixed features drifted: {', '.join(drifted)}"
        elif low < p < high:
            outcome = "abstain"
            reason = (
                f"probability {p:.3f} of {settings.positive_label} lies between {low} and {high}"
            )
        elif is_positive and p >= rule.action_from:
            outcome = "action"
        else:
            outcome = "recommendation"
        outcomes.append(outcome)
        reasons.append(reason)
    return outcomes, reasons
