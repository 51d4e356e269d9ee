import numpy as np

from hq_assets.classical.drift import find_drift, population_stability_index


def test_undrifted_features_alarm_no_more_often_than_stated():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(300):
        rows = rng.normal(size=(150, 4))
        found = find_drift("abcd", rows[:80], rows[80:], 0.05)
        alarms += any(entry.alarm for entry in found)
    # At most 5% of 300 = 15 expected; 30 would be four standard deviations above.
    assert alarms < 30


def test_a_planted_shift_is_found_in_its_feature_alone():
    rng = np.random.default_rng(1)
    reference, observed = rng.normal(size=(200, 3)), rng.normal(size=(369, 3))
    observed[:, 1] += 1.0
    found = find_drift("abc", reference, observed, 1e-4)
    assert [entry.alarm for entry in found] == [False, True, False]
    assert found[1].psi > 0.25


def test_equal_samples_have_no_instability():
    values = np.arange(100.0)
    assert population_stability_index(values, values) == 0.0
    assert population_stability_index(values, np.zeros(50)) > 1.0
