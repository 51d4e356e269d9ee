"""Distributions sum to one; what does not is named."""

import polars as pl
import pytest

from hq_assets.problems.circuit_collection.combine_results import REST, combine_results
from hq_assets.problems.circuit_collection.settings import Settings


@pytest.fixture
def combined(encoded_of, bell):
    """Combine counts for a collection of one Bell pair."""
    encoded = encoded_of({"a.qasm": bell})

    def run(*counts, settings=None, seeds=(1,)):
        table = pl.concat(counts).lazy()
        return combine_results(table, encoded, settings or Settings(), seeds)

    return run


def test_counts_become_shares_with_binomial_errors(combined, counts_of):
    result = combined(counts_of("a.qasm", {"00": 300, "11": 700}))
    frame = result.frame.collect()
    assert frame.rows(named=True)[0] == {
        "name": "probability",
        "circuit_id": "a.qasm",
        "seed": 1,
        "indices": [0],
        "label": "11",
        "value": 0.7,
        "std": pytest.approx((0.7 * 0.3 / 1000) ** 0.5),
    }
    assert frame["value"].sum() == pytest.approx(1.0)
    assert result.facts["shots"] == {"a.qasm": 1000}
    assert result.facts["without_counts"] == []


def test_the_order_of_the_counts_changes_nothing(combined, counts_of):
    there = combined(counts_of("a.qasm", {"00": 5, "11": 5, "01": 2})).frame.collect()
    back = combined(counts_of("a.qasm", {"01": 2, "11": 5, "00": 5})).frame.collect()
    assert there.equals(back)
    assert there["label"].to_list() == ["00", "11", "01"]


def test_exact_weights_have_no_error_and_sampled_weights_have_one(combined, counts_of):
    weights = {"00": 0.5, "11": 0.5}
    exact = combined(counts_of("a.qasm", weights, weight=True, method="exact", shots=1000))
    sampled = combined(counts_of("a.qasm", weights, weight=True, shots=100))
    assert exact.frame.collect()["std"].to_list() == [0.0, 0.0]
    assert exact.facts["shots"] == {}
    assert sampled.frame.collect()["std"].to_list() == [pytest.approx(0.05)] * 2


def test_negative_quasi_probabilities_stay_and_are_declared(combined, counts_of):
    result = combined(counts_of("a.qasm", {"00": 1.1, "11": -0.1}, weight=True, shots=100))
    assert result.facts["quasi_probabilities"] == ["a.qasm"]
    assert result.facts["least_value"] == pytest.approx(-0.1)
    assert result.frame.collect()["std"].to_list() == [0.0, 0.0]


def test_weights_that_do_not_sum_to_one_are_named(combined, counts_of):
    result = combined(counts_of("a.qasm", {"00": 0.5, "11": 0.4}, weight=True, shots=100))
    assert result.facts["sum_off"] == ["a.qasm"]


def test_outcomes_beyond_the_cap_are_summed(combined, counts_of):
    counts = {f"{k:03b}": 10 - k for k in range(8)}
    settings = Settings(max_outcomes=4, reference_max_qubits=2)
    result = combined(counts_of("a.qasm", counts), settings=settings)
    frame = result.frame.collect()
    assert frame["label"].to_list() == ["000", "001", "010", "011", REST]
    assert frame["value"].sum() == pytest.approx(1.0)
    assert result.facts["capped"] == ["a.qasm"]


def test_registers_that_came_apart_each_sum_to_one(combined, counts_of):
    first = counts_of("a.qasm", {"0": 60, "1": 40}, register="x")
    second = counts_of("a.qasm", {"0": 10, "1": 90}, register="y")
    frame = combined(first, second).frame.collect()
    assert dict(zip(frame["label"], frame["value"], strict=True)) == {
        "x=0": 0.6,
        "x=1": 0.4,
        "y=1": 0.9,
        "y=0": 0.1,
    }


def test_circuits_without_counts_and_seeds_not_declared_are_noticed(combined, counts_of):
    result = combined(counts_of("a.qasm", {"00": 5}, seed=8))
    assert result.frame.collect().is_empty()
    assert result.facts["without_counts"] == ["a.qasm"]
