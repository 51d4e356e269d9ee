"""What decisions are worth: quality per seed, differences from baselines, ablation, points of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import balanced_accuracy_score, roc_auc_score, roc_curve

from hq_assets.classical.calibration import (
    brier_score,
    expected_calibration_error,
    log_loss,
    reliability,
)
from hq_assets.classical.paired_comparison import compare_paired

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from hq_assets.classical.drift import FeatureDrift
    from hq_assets.problems.kernel_classification.seed_scores import SeedScores
    from hq_assets.problems.kernel_classification.settings import Settings

COMPARED = ("accuracy", "balanced_accuracy", "roc_auc")
"""Qualities compared with the baselines; larger is better."""

ROWS_SHOWN = 10


@dataclass(frozen=True)
class QualityReport:
    """The parts of `Decided` beside its rows."""

    metrics: dict[str, float | None]
    tables: dict[str, list[dict[str, Any]]]
    series: dict[str, dict[str, list[Any]]]


def quality_report(
    scored: Sequence[SeedScores],
    decisions: Sequence[pl.DataFrame],
    drift: Sequence[FeatureDrift],
    settings: Settings,
) -> QualityReport:
    """Summarize all seeds; pictures show the published one, the first.

    Args:
        scored: Scores per seed.
        decisions: Decisions per seed, in the same order.
        drift: Drift of the features under the published seed.
        settings: Labels and decision rule.
    """
    answered = [scores for scores in scored if scores.answer is not None]
    methods = _method_probabilities(answered)
    quality = {
        name: [
            quality_of(p, scores, settings)
            for p, scores in zip(probabilities, answered, strict=True)
        ]
        for name, probabilities in methods.items()
    }
    metrics = _metrics(quality.get("decision", []), decisions)
    alarms = sum(entry.alarm for entry in drift)
    metrics["features_drifted"] = float(alarms)
    paired = _paired(answered, quality, settings)
    metrics.update(_vs_baseline(paired))
    tables = {
        "paired_differences": paired,
        "quality_by_seed": _by_seed(answered, quality),
        "ablation": _ablation(quality),
        "drift": _drift_rows(drift),
    }
    return QualityReport(metrics, tables, _series(scored[0], settings))


def _method_probabilities(answered: Sequence[SeedScores]) -> dict[str, list[np.ndarray]]:
    """Probabilities per seed of the decision, each baseline, the best baseline, and both together."""
    if not answered:
        return {}
    found = {"decision": [s.answer.probabilities for s in answered if s.answer is not None]}
    names = [n for n in answered[0].baselines if all(n in s.baselines for s in answered)]
    for name in names:
        found[name] = [s.baselines[name].probabilities for s in answered]
    if names:
        bests = [s.best_baseline for s in answered]
        found["best baseline"] = [best.probabilities for best in bests if best is not None]
        found["both together"] = [s.ensemble for s in answered if s.ensemble is not None]
    return found


def quality_of(
    probabilities: np.ndarray, scores: SeedScores, settings: Settings
) -> dict[str, float | None]:
    """Quality of probabilities on the labelled test rows of a seed; None where undefined.

    Args:
        probabilities: Of the positive class, shape (test rows,).
        scores: The seed.
        settings: Threshold and bins.
    """
    known = scores.rows.labelled_test
    truth, p = scores.rows.positive[scores.rows.test][known], probabilities[known]
    if not len(truth):
        return dict.fromkeys((*COMPARED, "brier", "log_loss", "expected_calibration_error"))
    predicted = p >= settings.decision.threshold
    both = bool(truth.any()) and not truth.all()
    return {
        "accuracy": float((predicted == truth).mean()),
        "balanced_accuracy": float(balanced_accuracy_score(truth, predicted)) if both else None,
        "roc_auc": float(roc_auc_score(truth, p)) if both else None,
        "brier": brier_score(p, truth),
        "log_loss": log_loss(p, truth),
        "expected_calibration_error": expected_calibration_error(
            p, truth, settings.decision.reliability_bins
        ),
    }


def _defined(rows: Sequence[Mapping[str, float | None]], name: str) -> list[float]:
    return [value for row in rows if (value := row[name]) is not None]


def _metrics(
    quality: Sequence[Mapping[str, float | None]], decisions: Sequence[pl.DataFrame]
) -> dict[str, float | None]:
    """Mean and spread over seeds, and abstention."""
    import polars as pl

    metrics: dict[str, float | None] = {"seeds": float(len(decisions))}
    for name in quality[0] if quality else ():
        values = _defined(quality, name)
        metrics[name] = float(np.mean(values)) if values else None
        metrics[f"{name}_std"] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    together = pl.concat(decisions)
    abstained = (together["outcome"] == "abstain").mean()
    metrics["abstention_rate"] = float(abstained)  # pyright: ignore[reportArgumentType] - a float
    metrics["coverage"] = 1 - metrics["abstention_rate"]
    decided = together.filter((pl.col("outcome") != "abstain") & pl.col("true_label").is_not_null())
    right = (decided["label"] == decided["true_label"]).mean() if len(decided) else None
    metrics["accuracy_when_decided"] = None if right is None else float(right)  # pyright: ignore[reportArgumentType] - a float
    return metrics


def _by_seed(
    answered: Sequence[SeedScores], quality: Mapping[str, Sequence[Mapping[str, float | None]]]
) -> list[dict[str, Any]]:
    rows = []
    for k, scores in enumerate(answered):
        best = scores.best_baseline
        rows.append(
            {
                "seed": scores.seed,
                **{name: quality["decision"][k][name] for name in COMPARED},
                "brier": quality["decision"][k]["brier"],
                "best_baseline": None if best is None else best.method,
                **{
                    f"baseline_{name}": None if best is None else quality["best baseline"][k][name]
                    for name in COMPARED
                },
            }
        )
    return rows


def _paired(
    answered: Sequence[SeedScores],
    quality: Mapping[str, Sequence[Mapping[str, float | None]]],
    settings: Settings,
) -> list[dict[str, Any]]:
    """Differences of the decision from each baseline, and of both together from the best one alone."""
    if "best baseline" not in quality:
        return []
    pairs = [("decision", name) for name in quality if name not in ("decision", "both together")]
    pairs.append(("both together", "best baseline"))
    rows = []
    for first, second in pairs:
        for name in COMPARED:
            row = _difference(quality[first], quality[second], name, answered, settings)
            if row is not None:
                rows.append({"first": first, "second": second, "quality": name, **row})
    return rows


def _vs_baseline(paired: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Mean differences of the decision from the best baseline, as metrics."""
    return {
        f"{row['quality']}_vs_baseline": row["difference"]
        for row in paired
        if (row["first"], row["second"]) == ("decision", "best baseline")
    }


def _difference(
    first: Sequence[Mapping[str, float | None]],
    second: Sequence[Mapping[str, float | None]],
    name: str,
    answered: Sequence[SeedScores],
    settings: Settings,
) -> dict[str, Any] | None:
    rule = settings.decision
    values = [
        (a[name], b[name], s.rows)
        for a, b, s in zip(first, second, answered, strict=True)
        if a[name] is not None and b[name] is not None
    ]
    if not values:
        return None
    ones, others, rows = zip(*values, strict=True)
    share = float(np.mean([r.labelled_test.sum() / r.num_train for r in rows]))
    found = compare_paired(
        np.array(ones),
        np.array(others),
        share,
        rule.confidence_level,
        rule.equivalence_margin,
        resolution=1 / min(int(r.labelled_test.sum()) for r in rows),
    )
    return {
        "difference": found.mean,
        "low": found.low,
        "high": found.high,
        "seeds": found.seeds,
        "verdict": found.verdict,
    }


def _ablation(
    quality: Mapping[str, Sequence[Mapping[str, float | None]]],
) -> list[dict[str, Any]]:
    """Mean quality with the decision's score alone, without it, and with both."""
    words = {
        "decision": "decision alone",
        "best baseline": "without it (best baseline)",
        "both together": "mean of both probabilities",
    }
    return [
        {"scores": text, **{key: _mean(_defined(quality[name], key)) for key in (*COMPARED, "brier", "log_loss")}}
        for name, text in words.items()
        if name in quality
    ]  # fmt: skip


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _drift_rows(drift: Sequence[FeatureDrift]) -> list[dict[str, Any]]:
    """The features that moved most, by p-value."""
    first = sorted(drift, key=lambda entry: entry.p_value)[:ROWS_SHOWN]
    return [
        {"feature": d.feature, "ks": d.ks, "p": d.p_value, "psi": d.psi, "alarm": d.alarm}
        for d in first
    ]


def _series(scores: SeedScores, settings: Settings) -> dict[str, dict[str, list[Any]]]:
    """Reliability, ROC and margins of the published seed."""
    known = scores.rows.labelled_test
    if scores.answer is None or not known.any():
        return {}
    rule = settings.decision
    truth = scores.rows.positive[scores.rows.test][known]
    probabilities, margins = scores.answer.probabilities[known], scores.answer.margins[known]
    bins = reliability(probabilities, truth, rule.reliability_bins, rule.confidence_level)
    names = np.where(truth, settings.positive_label, settings.negative_label)
    series: dict[str, dict[str, list[Any]]] = {
        "reliability": {
            key: [getattr(entry, key) for entry in bins]
            for key in ("predicted", "observed", "low", "high", "count")
        },
        "margins": {"score": margins.tolist(), "label": names.tolist()},
    }
    if truth.any() and not truth.all():
        fpr, tpr, _ = roc_curve(truth, margins)
        series["roc"] = {"fpr": fpr.tolist(), "tpr": tpr.tolist()}
    return series
