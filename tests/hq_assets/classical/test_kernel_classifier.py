import numpy as np
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from hq_assets.classical.kernel_classifier import choose_c, fit_margins


def two_moons(rows=60):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(rows, 2))
    return values, np.hypot(*values.T) > 1.1


def test_margins_on_a_kernel_are_those_of_the_same_kernel_inside_the_machine():
    values, positive = two_moons()
    kernel = rbf_kernel(values, gamma=0.7)
    direct = SVC(kernel="rbf", gamma=0.7, C=3.0).fit(values, positive).decision_function(values)
    assert np.allclose(fit_margins(kernel, positive, kernel, 3.0), direct, atol=1e-6)


def test_out_of_fold_margins_of_a_row_do_not_see_its_label():
    values, positive = two_moons()
    kernel = np.eye(len(values))
    found = choose_c(kernel, positive, (1.0,), 5)
    # Rows of an identity kernel say nothing about each other: held-out margins are the bias alone.
    assert len(np.unique(found.result.margins.round(6))) <= 5


def test_of_equally_good_values_the_smallest_c_is_chosen():
    _, positive = two_moons()
    kernel = np.outer(positive * 2.0 - 1, positive * 2.0 - 1)
    found = choose_c(kernel, positive, (100.0, 1.0, 10.0), 5)
    assert found.c == 1.0
    assert found.result.score == 1.0
