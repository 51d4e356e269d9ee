import numpy as np
import pytest

from hq_assets.classical.baselines import Grids, fit_baseline, standardize

GRIDS = Grids(c=(0.1, 1.0, 10.0), gamma=(0.3, 1.0), degree=(2,), folds=4)


@pytest.mark.parametrize("method", ["linear_svc", "rbf_svc", "poly_svc", "logistic_regression"])
def test_each_method_learns_a_separable_problem(method):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(120, 3)) * [1, 100, 0.01]
    positive = values[:, 0] > 0
    values[:, 0] += np.where(positive, 0.5, -0.5)
    found = fit_baseline(method, values[:80], positive[:80], values[80:], GRIDS)
    assert ((found.margins_test > 0) == positive[80:]).mean() > 0.85
    assert found.validation.score > 0.8


def test_only_a_curved_kernel_learns_a_circle():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 2))
    positive = np.hypot(*values.T) > 1.1
    scores = {
        method: fit_baseline(method, values, positive, values, GRIDS).validation.score
        for method in ("linear_svc", "rbf_svc", "poly_svc")
    }
    assert scores["rbf_svc"] > 0.85
    assert scores["poly_svc"] > 0.85
    assert scores["linear_svc"] < 0.7


def test_standardizing_uses_training_rows_alone_and_silences_constants():
    train = np.array([[1.0, 5.0], [3.0, 5.0]])
    first, second = standardize(train, np.array([[5.0, 99.0]]))
    assert first.tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert second.tolist() == [[3.0, 0.0]]


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="Use linear_svc"):
        fit_baseline("forest", np.eye(4), np.arange(4) < 2, np.eye(4), GRIDS)
