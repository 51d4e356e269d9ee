"""Laws of the distances, and honest intervals."""

import numpy as np
import pytest

from hq_assets.problems.circuit_collection.comparison import (
    align,
    compare,
    hellinger_fidelity,
    total_variation,
)


def random_distribution(rng, size):
    return rng.dirichlet(np.ones(size))


def run(p, q, shots, seed=0, threshold=0.9):
    rng = np.random.default_rng(seed)
    return compare(p, q, shots=shots, threshold=threshold, samples=200, level=0.95, rng=rng)


def test_equal_distributions_have_fidelity_one_and_disjoint_ones_zero():
    p = np.array([0.5, 0.5, 0.0, 0.0])
    assert hellinger_fidelity(p, p) == pytest.approx(1.0)
    assert total_variation(p, p) == 0.0
    assert hellinger_fidelity(p, p[::-1]) == 0.0
    assert total_variation(p, p[::-1]) == 1.0


def test_both_distances_are_symmetric_and_bound_each_other():
    rng = np.random.default_rng(1)
    for _ in range(50):
        p, q = random_distribution(rng, 6), random_distribution(rng, 6)
        fidelity, distance = hellinger_fidelity(p, q), total_variation(p, q)
        assert fidelity == pytest.approx(hellinger_fidelity(q, p))
        # Fuchs and van de Graaf: 1 - sqrt(F) <= TV <= sqrt(1 - F)
        assert 1 - np.sqrt(fidelity) <= distance + 1e-12
        assert distance <= np.sqrt(1 - fidelity) + 1e-12


def test_alignment_covers_all_outcomes_and_drops_negative_weight():
    p, q = align({"a": 1.2, "b": -0.2}, {"b": 0.5, "c": 0.5})
    assert p.tolist() == [1.0, 0.0, 0.0]
    assert q.tolist() == [0.0, 0.5, 0.5]


def test_an_exact_distribution_has_intervals_of_no_width():
    p = np.array([0.25, 0.75])
    result = run(p, p, None)
    assert (result.fidelity_low, result.fidelity_high) == (result.fidelity, result.fidelity)
    assert (result.expected_fidelity, result.shots) == (1.0, None)


def test_few_shots_on_many_outcomes_are_not_held_against_the_backend():
    rng = np.random.default_rng(5)
    q = random_distribution(rng, 2000)
    p = rng.multinomial(500, q) / 500
    result = run(p, q, 500)
    assert result.fidelity < 0.7
    assert result.relative_fidelity == pytest.approx(1.0, abs=0.1)


def test_the_interval_covers_the_true_fidelity_also_with_many_outcomes():
    # Bootstrap intervals are approximate: a coverage of 88% instead of 95% is let pass. With it,
    # fewer than 73 hits in 100 trials have a chance below 1e-4. Plain percentiles hit 3 times.
    rng = np.random.default_rng(11)
    q = random_distribution(rng, 50)
    truth = 0.6 * q + 0.4 * random_distribution(rng, 50)
    true_fidelity = hellinger_fidelity(truth, q)
    hits = 0
    for trial in range(100):
        result = run(rng.multinomial(500, truth) / 500, q, 500, seed=trial)
        hits += result.fidelity_low <= true_fidelity <= result.fidelity_high
    assert hits >= 73


def test_confidence_is_high_far_from_the_threshold_and_near_half_at_it():
    q = np.array([0.5, 0.5])
    far = run(np.array([0.5, 0.5]), q, 1000)
    p = np.array([0.9, 0.1])
    at = run(p, q, 1000, threshold=float(hellinger_fidelity(p, q)))
    assert far.confidence == 1.0
    assert 0.3 < at.confidence < 0.7


def test_the_same_seed_gives_the_same_interval():
    p, q = np.array([0.7, 0.3]), np.array([0.5, 0.5])
    assert run(p, q, 100, seed=4) == run(p, q, 100, seed=4)
    assert run(p, q, 100, seed=4) != run(p, q, 100, seed=5)
