"""Nothing is lost between encoded and compiled circuits."""

import polars as pl

from hq_assets.checks import compiled_circuits
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _compiled(**planted):
    columns = {
        "circuit_id": ["zz", "zz", "bad"],
        "role": ["circuit", "overlap", "circuit"],
        "status": ["ok", "ok", "unsupported"],
        "parameters": [["a", "b", "c", "d"], ["a", "b"], []],
        "depth": [12, 4, None],
        "two_qubit_gates": [5, 2, None],
    }
    return pl.LazyFrame({**columns, **planted})


def _judge(compiled, *, pairs=True, ids=("zz", "bad")):
    encoded = pl.LazyFrame(
        {"circuit_id": list(ids), "status": ["ok"] * len(ids), "values": [[0.1, 0.2]] * len(ids)}
    )
    tables = {"encoded_inputs": {"rows": encoded}, "compiled_circuits": {"rows": compiled}}
    if pairs:
        tables["encoded_inputs"]["pairs"] = pl.LazyFrame({"circuit_id": ["zz"]})
    return {each.name: each for each in compiled_circuits.judge(Evidence(tables), CheckFacts())}


def test_good_circuits_pass_and_their_size_is_told():
    verdicts = _judge(_compiled())
    assert all(each.passed for each in verdicts.values())
    assert verdicts["some_circuit_is_executable"].metadata == {
        "circuits_executable": 1,
        "circuits_refused": 1,
        "largest_depth": 12,
        "most_two_qubit_gates": 5,
    }


def test_an_encoded_circuit_without_a_compiled_row_is_named():
    verdict = _judge(_compiled(), ids=("zz", "bad", "lost"))["encoded_circuits_are_accounted_for"]
    assert list(verdict.rows) == [{"circuit_id": "lost", "reason": "has no compiled row"}]


def test_an_overlap_circuit_alone_does_not_account_for_a_circuit():
    verdict = _judge(_compiled(role=["overlap", "overlap", "circuit"]))[
        "encoded_circuits_are_accounted_for"
    ]
    assert [row["circuit_id"] for row in verdict.rows] == ["zz"]


def test_a_pair_circuit_takes_the_values_of_both_rows():
    verdict = _judge(_compiled(), pairs=False)["parameters_fit_the_values"]
    assert verdict.rows[0]["reason"] == "takes 4 parameters, encoded rows give 2"
    wrong = _judge(_compiled(parameters=[["a", "b", "c"], ["a", "b"], []]))[
        "parameters_fit_the_values"
    ]
    assert wrong.rows[0]["reason"] == "takes 3 parameters, encoded rows give 4"


def test_no_executable_circuit_is_a_warning_because_a_lower_tier_may_answer():
    verdict = _judge(_compiled(status=["error", "error", "error"]))["some_circuit_is_executable"]
    assert (verdict.passed, verdict.severity) == (False, "warning")
