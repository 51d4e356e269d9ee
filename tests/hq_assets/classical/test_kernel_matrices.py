import numpy as np
import pytest

from hq_assets.classical.kernel_matrices import (
    fidelity_std,
    full_kernel,
    repair_by_shift,
    shot_noise_band,
)


def true_kernel(size=40, dimension=6, seed=0):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(size, dimension)) + 1j * rng.normal(size=(size, dimension))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    return np.abs(states @ states.conj().T) ** 2


def measured(kernel, shots, seed):
    upper = np.triu(np.random.default_rng(seed).binomial(shots, np.clip(kernel, 0, 1)) / shots, 1)
    return upper + upper.T + np.eye(len(kernel))


def test_the_standard_error_is_binomial_inside_and_never_zero_at_the_ends():
    shares, shots = np.array([0.25, 0.0, 1.0]), np.array([100, 100, 100])
    found = fidelity_std(shares, shots)
    assert found[0] == pytest.approx(np.sqrt(0.25 * 0.75 / 100))
    assert found[1] == found[2] == pytest.approx(np.sqrt(101 / (102**2 * 103)))


def test_a_true_kernel_is_left_as_it_is():
    repair = repair_by_shift(true_kernel(), 0.0)
    assert not repair.repaired
    assert repair.factor == 1.0


def test_a_repaired_kernel_is_positive_semidefinite_with_unit_diagonal():
    kernel = measured(true_kernel(), 200, seed=1)
    repair = repair_by_shift(kernel, 0.035)
    assert repair.smallest_eigenvalue < 0
    fixed = kernel * repair.factor
    np.fill_diagonal(fixed, 1.0)
    assert np.linalg.eigvalsh(fixed)[0] > -1e-9


def test_shot_noise_stays_within_its_band_and_a_broken_kernel_does_not():
    kernel = true_kernel()
    largest = np.sqrt(0.25 / 200)
    smallest = [np.linalg.eigvalsh(measured(kernel, 200, seed))[0] for seed in range(20)]
    # The stated false-alarm rate is 0.1% per kernel, 2% for these twenty.
    assert min(smallest) > -shot_noise_band(40, largest)
    broken = kernel.copy()
    broken[:20, 20:] = broken[20:, :20] = 1.0
    repair = repair_by_shift(broken, largest)
    assert repair.smallest_eigenvalue < -repair.band


def test_an_upper_triangle_gives_the_whole_matrix():
    kernel = full_kernel(np.array([0, 0]), np.array([1, 2]), np.array([0.5, 0.25]), 3)
    assert np.array_equal(np.diag(kernel), np.ones(3))
    assert kernel[1, 0] == kernel[0, 1] == 0.5
    assert np.isnan(kernel[1, 2])
