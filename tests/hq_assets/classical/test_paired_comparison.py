import numpy as np
import pytest
from scipy.stats import ttest_rel

from hq_assets.classical.paired_comparison import compare_paired


def test_with_independent_tests_the_interval_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    first, second = rng.random(12), rng.random(12)
    found = compare_paired(first, second, test_share=0.0)
    interval = ttest_rel(first, second).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_overlapping_splits_widen_the_interval():
    rng = np.random.default_rng(0)
    first, second = rng.random(10), rng.random(10)
    narrow, wide = (compare_paired(first, second, share) for share in (0.0, 2.0))
    assert narrow.high is not None
    assert wide.high is not None
    ratio = (wide.high - wide.mean) / (narrow.high - narrow.mean)
    assert ratio == pytest.approx(np.sqrt((0.1 + 2.0) / 0.1))


def test_the_verdict_follows_the_interval():
    base = np.linspace(0.8, 0.9, 10)
    noise = np.resize([0.001, -0.001], 10)
    assert compare_paired(base + 0.1 + noise, base, 1.0).verdict == "better"
    assert compare_paired(base - 0.1 + noise, base, 1.0).verdict == "worse"
    assert compare_paired(base + noise, base, 1.0).verdict == "equal"
    assert compare_paired(base + 100 * noise, base, 1.0).verdict == "not established"


def test_one_seed_and_agreement_within_few_rows_establish_nothing():
    assert compare_paired(np.array([0.9]), np.array([0.1]), 1.0).verdict == "not established"
    same = np.array([0.95, 0.95, 0.95])
    assert compare_paired(same, same, 1.0, resolution=1 / 20).verdict == "not established"
