"""Planted drift is found with the stated power, at no more false alarms than stated."""

import numpy as np
import polars as pl
import pytest

from hq_assets.checks import drift_judgement
from hq_assets.checks.facts import CheckFacts

RUNS = 400
FEATURES = 8
TRAIN, TEST = 200, 369


def _frame(rng, shift=0.0, features=FEATURES, train=TRAIN, test=TEST, seeds=1):
    values = rng.normal(size=(seeds * (train + test), features))
    split = (["train"] * train + ["test"] * test) * seeds
    drifted = np.array(split) == "test"
    values[drifted, 0] += shift
    return pl.LazyFrame(
        {
            "seed": np.repeat(np.arange(seeds), train + test),
            "split": split,
            "status": ["ok"] * len(split),
            **{f"f{k}": values[:, k] for k in range(features)},
        }
    )


def _judge(frame, rate=0.01, fixed=(), features=FEATURES):
    contract = dict.fromkeys(fixed, "fixed")
    facts = CheckFacts(feature_contract=contract, drift_false_alarm_rate=rate)
    return drift_judgement.judge_drift(frame, [f"f{k}" for k in range(features)], facts)


def _alarms(shift, rate, seed):
    rng = np.random.default_rng(seed)
    verdicts = [_judge(_frame(rng, shift), rate) for _ in range(RUNS)]
    return sum(not each.passed for (each,) in verdicts)


def test_undrifted_data_raise_alarms_no_more_often_than_stated():
    # Stated 5%: at most 0.05 * 400 = 20 expected; 38 or more come once in 10,000 (binomial).
    assert _alarms(0.0, 0.05, seed=1) < 38


def test_a_shift_of_half_a_standard_deviation_is_found_nearly_always():
    # Power at least 0.9 at 200 training and 369 test rows, eight features, 1% false alarms:
    # fewer than 341 of 400 would come once in 1,000 if the power were 0.9 (binomial).
    assert _alarms(0.5, 0.01, seed=2) >= 341


def test_a_drifted_fixed_feature_is_critical_and_named_with_its_seed():
    frame = _frame(np.random.default_rng(3), shift=1.0, seeds=2)
    fixed, free = _judge(frame, fixed=("f0", "f1"))
    assert (fixed.severity, fixed.passed) == ("critical", False)
    assert {(row["feature"], row["seed"]) for row in fixed.rows} == {("f0", 0), ("f0", 1)}
    assert free.passed
    assert fixed.metadata["largest_ks_fixed"] > 0.3
    assert fixed.metadata["largest_psi_fixed"] > 0.25


def test_a_drifted_feature_that_may_drift_is_a_warning():
    (verdict,) = _judge(_frame(np.random.default_rng(3), shift=1.0))
    assert (verdict.severity, verdict.passed) == ("warning", False)


def test_the_threshold_is_divided_by_all_tests_of_the_stage():
    found = [drift_judgement.Drift(f"f{k}", 0, 0.1, p, 0.0) for k, p in enumerate((0.004, 0.006))]
    facts = CheckFacts(drift_false_alarm_rate=0.01, feature_contract={"f0": "fixed"})
    fixed, free = drift_judgement.verdicts(found, facts)
    assert not fixed.passed
    assert free.passed


def test_distance_is_that_of_scipy_and_p_is_never_smaller():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(11)
    for n, m in ((20, 35), (200, 369)):
        reference, observed = rng.normal(size=n).round(1), rng.normal(0.2, size=m).round(1)
        ours = drift_judgement.drift("x", 0, reference, observed)
        theirs = ks_2samp(reference, observed, method="exact")
        assert ours.statistic == pytest.approx(theirs.statistic)
        assert ours.p_value >= theirs.pvalue - 1e-12


def test_the_same_values_have_no_distance_and_no_instability():
    values = np.random.default_rng(0).normal(size=500)
    found = drift_judgement.drift("x", 0, values, values)
    assert found.statistic == 0.0
    assert found.psi == pytest.approx(0.0)
    assert found.p_value == 1.0


def test_the_stability_index_grows_with_the_shift_and_is_finite_for_disjoint_samples():
    rng = np.random.default_rng(0)
    reference = rng.normal(size=1000)
    indices = [
        drift_judgement.population_stability_index(reference, reference + d)
        for d in (0, 0.5, 1, 50)
    ]
    assert indices == sorted(indices)
    assert np.isfinite(indices[-1])


def test_few_rows_missing_values_and_constant_columns_are_no_alarm():
    rng = np.random.default_rng(0)
    few = _frame(rng, shift=50.0, train=7, test=7)
    constant = _frame(rng).with_columns(f0=pl.lit(1.0), f1=pl.lit(None, dtype=pl.Float64))
    assert _judge(few)[0].passed
    assert _judge(constant, rate=1e-6)[0].passed


def test_many_rows_are_thinned_and_their_drift_is_still_found():
    rng = np.random.default_rng(5)
    frame = _frame(rng, shift=0.2, features=1, train=150_000, test=30_000)
    compared = drift_judgement._thinned(frame.select("seed", "split", "f0")).collect()
    assert compared.height < 3 * drift_judgement.MOST_ROWS
    assert not _judge(frame, features=1)[0].passed
