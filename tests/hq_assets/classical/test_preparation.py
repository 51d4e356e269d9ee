import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.feature_selection import f_classif
from sklearn.preprocessing import StandardScaler

from hq_assets.classical.preparation import anova_f, fit_cleaning, fit_linear_encoder


@pytest.fixture
def rows():
    rng = np.random.default_rng(1)
    positive = rng.random(80) < 0.4
    values = rng.normal(size=(80, 6)) * [1, 10, 0.1, 5, 1, 2] + [0, 3, 100, 1, 2, 0]
    values[:, :3] += positive[:, None]
    return values, positive


def fit(values, positive, **changes):
    choice = {
        "selected": 4,
        "components": 3,
        "bounds": (0.0, 2.0),
        "share": 0.5,
        "scaling": "joint",
    }
    return fit_linear_encoder(values, positive, **{**choice, **changes})


def test_missing_values_become_the_median_and_outliers_the_fence():
    values = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [np.nan]])
    found = fit_cleaning(values, (0.25, 0.75), 1.5)
    assert found.medians.tolist() == [3.0]
    assert (found.lower[0], found.upper[0]) == (-1.0, 7.0)
    cleaned, clipped = found.apply(np.array([[np.nan], [100.0], [7.0]]))
    assert cleaned.tolist() == [[3.0], [7.0], [7.0]]
    assert clipped.tolist() == [[False], [True], [False]]


def test_a_nearly_constant_feature_has_no_fences():
    values = np.array([[0.0]] * 9 + [[5.0]])
    assert np.isinf(fit_cleaning(values, (0.25, 0.75), 3.0).upper).all()


def test_a_feature_without_any_value_is_refused():
    with pytest.raises(ValueError, match=r"features \[1\] have no value"):
        fit_cleaning(np.array([[1.0, np.nan]]), (0.25, 0.75), 3.0)


def test_the_anova_statistic_is_that_of_scikit_learn(rows):
    values, positive = rows
    assert np.allclose(anova_f(values, positive), f_classif(values, positive)[0])
    assert anova_f(np.ones((4, 1)), np.array([True, True, False, False])).tolist() == [0.0]


def test_the_one_linear_map_equals_scaler_selection_and_pca_one_after_the_other(rows):
    values, positive = rows
    encoder = fit(values, positive)
    scaled = StandardScaler().fit_transform(values)
    best = np.sort(np.argsort(-f_classif(scaled, positive)[0])[:4])
    projected = PCA(3).fit_transform(scaled[:, best])
    expected = 1.0 + 0.5 * projected / np.abs(projected).max()
    found, clipped = encoder.apply(values)
    assert np.allclose(np.abs(found - 1.0), np.abs(expected - 1.0), atol=1e-12)
    assert not clipped.any()


@pytest.mark.parametrize("scaling", ["joint", "per_component"])
def test_training_rows_fill_the_share_of_the_range_and_other_rows_are_clipped_to_it(rows, scaling):
    values, positive = rows
    encoder = fit(values, positive, scaling=scaling)
    found, clipped = encoder.apply(values)
    assert not clipped.any()
    assert found.max() == pytest.approx(1.5) or found.min() == pytest.approx(0.5)
    far, far_clipped = encoder.apply(values * 100)
    assert far_clipped.any()
    assert far.min() >= 0.5
    assert far.max() <= 1.5


def test_the_fit_does_not_depend_on_the_sign_that_the_solver_happens_to_return(rows):
    values, positive = rows
    order = np.random.default_rng(0).permutation(len(values))
    first, second = fit(values, positive), fit(values[order], positive[order])
    assert np.allclose(first.weights, second.weights)


def test_constant_features_are_left_out_and_too_few_varying_ones_are_refused(rows):
    values, positive = rows
    values[:, 0] = 7.0
    encoder = fit(values, positive, selected=6)
    assert encoder.steps["leave_out_constant"]["features"] == [0]
    assert encoder.columns.tolist() == [1, 2, 3, 4, 5]
    values[:, 1:4] = 7.0
    with pytest.raises(ValueError, match="only 2 features vary"):
        fit(values, positive)
