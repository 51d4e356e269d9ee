"""Every file has a decision; only what can be compared is accepted."""

import polars as pl
import pytest

from hq_assets.problems.circuit_collection.combine_results import combine_results
from hq_assets.problems.circuit_collection.decide import SCHEMA, decide
from hq_assets.problems.circuit_collection.encode import encode
from hq_assets.problems.circuit_collection.settings import Settings
from hq_assets.problems.circuit_collection.solve_classically import solve_classically

MIDDLE = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit[1] c; h q; c[0] = measure q; reset q;'


@pytest.fixture
def decided(cleaned_of):
    """Decide on named contents and counts."""

    def run(contents, *counts, seeds=(1,), settings=None):
        settings = settings or Settings()
        cleaned = cleaned_of(contents, settings, seeds)
        encoded = encode(cleaned, settings, seeds)
        combined = combine_results(pl.concat(counts).lazy(), encoded, settings, seeds)
        baselines = solve_classically(cleaned, settings, seeds)
        return decide(combined, baselines, cleaned, settings, seeds)

    return run


def rows_of(result):
    return {row["record_id"]: row for row in result.frame.collect().iter_rows(named=True)}


def test_a_good_distribution_is_accepted_with_interval_and_reference(decided, counts_of, bell):
    result = decided({"a.qasm": bell}, counts_of("a.qasm", {"00": 510, "11": 490}))
    (row,) = rows_of(result).values()
    assert (row["outcome"], row["label"], row["reason"]) == ("recommendation", "accepted", None)
    assert row["fidelity_low"] <= row["fidelity"] <= row["fidelity_high"]
    assert row["distance"] == pytest.approx(0.01)
    assert row["baseline_ref"] == "ideal_statevector:a.qasm"
    assert row["baseline_label"] == "00"
    assert row["shots"] == 1000
    assert result.metrics["accepted"] == 1.0
    assert set(Settings().metric_names()) <= set(result.metrics)
    assert result.series["fidelity"]["record_id"] == ["a.qasm"]


def test_a_bad_distribution_is_abstained_from_with_its_number(decided, counts_of, bell):
    counts = counts_of("a.qasm", {"00": 250, "01": 250, "10": 250, "11": 250})
    row = rows_of(decided({"a.qasm": bell}, counts))["a.qasm"]
    assert (row["outcome"], row["label"]) == ("abstain", "below_threshold")
    assert row["fidelity"] == pytest.approx(0.5)
    assert "is below 0.9" in row["reason"]
    assert row["confidence_value"] == 1.0


def test_the_threshold_decides(decided, counts_of, bell):
    counts = counts_of("a.qasm", {"00": 250, "01": 250, "10": 250, "11": 250})
    row = rows_of(decided({"a.qasm": bell}, counts, settings=Settings(accept_fidelity=0.4)))[
        "a.qasm"
    ]
    assert row["label"] == "accepted"


def test_nothing_gets_lost(decided, counts_of, bell):
    contents = {
        "a.qasm": bell,
        "copy.qasm": bell,
        "empty.qasm": b"",
        "middle.qasm": MIDDLE,
        "silent.qasm": bell + "// no counts",
        "parameters.csv": "file,x\nnowhere.qasm,1\nwrong,1,2\nmiddle.qasm[4],1\n",
    }
    counts = [counts_of("a.qasm", {"00": 5, "11": 5}), counts_of("middle.qasm", {"0": 5, "1": 5})]
    result = decided(contents, *counts)
    labels = {name: row["label"] for name, row in rows_of(result).items()}
    assert labels == {
        "a.qasm": "accepted",
        "copy.qasm": "refused",
        "empty.qasm": "refused",
        "middle.qasm": "no_reference",
        "silent.qasm": "no_result",
        "parameters.csv:2": "refused",
        "parameters.csv:3": "refused",
        "parameters.csv:4": "refused",
    }
    abstained = [row for row in rows_of(result).values() if row["outcome"] == "abstain"]
    assert len(abstained) == 7
    assert all(row["reason"] for row in abstained)
    assert result.metrics["refused"] == 5.0
    assert len(result.tables["not_compared"]) == 7


def test_only_the_first_seed_is_published_and_every_seed_is_judged(decided, counts_of, bell):
    counts = [counts_of("a.qasm", {"00": 5, "11": 5}, seed=seed) for seed in (7, 3)]
    frame = decided({"a.qasm": bell}, *counts, seeds=(7, 3)).frame.collect()
    assert frame.schema == pl.Schema(SCHEMA)
    assert frame.select("seed", "published").rows() == [(7, True), (3, False)]
    assert frame["label"].to_list() == ["accepted", "accepted"]


def test_a_record_keeps_its_interval_when_other_files_come_and_go(decided, counts_of, bell):
    counts = counts_of("b.qasm", {"00": 60, "11": 40})
    alone = rows_of(decided({"b.qasm": bell}, counts))["b.qasm"]
    other = counts_of("a.qasm", {"00": 1, "11": 9})
    together = rows_of(decided({"a.qasm": "// a\n" + bell, "b.qasm": bell}, other, counts))[
        "b.qasm"
    ]
    assert alone == together


def test_exact_weights_are_judged_without_sampling(decided, counts_of, bell):
    counts = counts_of("a.qasm", {"00": 0.5, "11": 0.5}, weight=True, method="exact", shots=0)
    row = rows_of(decided({"a.qasm": bell}, counts))["a.qasm"]
    assert row["shots"] is None
    assert row["fidelity_low"] == row["fidelity_high"] == pytest.approx(1.0)
    assert "exact" in row["confidence_method"]


def test_a_distribution_without_positive_weight_is_no_result(decided, counts_of, bell):
    counts = counts_of("a.qasm", {"00": -0.5}, weight=True, shots=10)
    assert rows_of(decided({"a.qasm": bell}, counts))["a.qasm"]["label"] == "no_result"
