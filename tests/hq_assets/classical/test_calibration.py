import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from hq_assets.classical.calibration import (
    brier_score,
    expected_calibration_error,
    fit_platt,
    log_loss,
    reliability,
    wilson_interval,
)


def test_the_sigmoid_that_made_the_labels_is_found_again():
    rng = np.random.default_rng(0)
    margins = rng.normal(size=40_000) * 3
    positive = rng.random(40_000) < expit(1.5 * margins - 0.4)
    found = fit_platt(margins, positive)
    # Standard errors are about 0.02 and 0.015 here; four of them, false alarms 1e-4.
    assert found.slope == pytest.approx(1.5, abs=0.08)
    assert found.intercept == pytest.approx(-0.4, abs=0.06)


def test_separable_margins_give_finite_and_monotonous_probabilities():
    margins = np.array([-2.0, -1.0, 1.0, 2.0])
    found = fit_platt(margins, margins > 0)
    probabilities = found.probabilities(margins)
    assert (np.diff(probabilities) > 0).all()
    assert ((probabilities > 0) & (probabilities < 1)).all()


def test_the_fit_is_a_stationary_point_of_platts_loss():
    rng = np.random.default_rng(1)
    margins = rng.normal(size=200)
    positive = rng.random(200) < expit(margins)
    found = fit_platt(margins, positive)
    count = positive.sum()
    target = np.where(positive, (count + 1) / (count + 2), 1 / (200 - count + 2))
    residual = found.probabilities(margins) - target
    assert abs(residual.sum()) < 1e-6
    assert abs((residual * margins).sum()) < 1e-6


def test_constant_margins_give_the_base_rate():
    found = fit_platt(np.zeros(100), np.arange(100) < 30)
    assert found.probabilities(np.zeros(1))[0] == pytest.approx(0.3, abs=0.02)


def test_perfect_and_worst_predictions_have_the_extreme_scores():
    positive = np.array([True, False])
    assert brier_score(np.array([1.0, 0.0]), positive) == 0.0
    assert brier_score(np.array([0.0, 1.0]), positive) == 1.0
    assert log_loss(np.array([0.5, 0.5]), positive) == pytest.approx(np.log(2))


def test_reliability_counts_every_row_once_and_brackets_the_observed_share():
    rng = np.random.default_rng(2)
    probabilities = rng.random(500)
    positive = rng.random(500) < probabilities
    bins = reliability(probabilities, positive, 10)
    assert sum(entry.count for entry in bins) == 500
    assert all(entry.low <= entry.observed <= entry.high for entry in bins)
    assert expected_calibration_error(probabilities, positive, 10) < 0.1
    assert expected_calibration_error(1 - probabilities, positive, 10) > 0.3


def test_the_wilson_interval_covers_the_truth_about_as_often_as_it_says():
    for share in (0.02, 0.3, 0.9):
        hits = np.arange(51)
        covered = [low <= share <= high for low, high in (wilson_interval(h, 50) for h in hits)]
        assert 0.9 < binom.pmf(hits, 50, share)[covered].sum() <= 1.0
