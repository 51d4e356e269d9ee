"""Counts, weights and widths: good tables pass, each planted fault is named."""

import polars as pl
import pytest

from hq_assets.checks import raw_counts
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _counts(rows):
    columns = (
        "circuit_id",
        "execution",
        "register",
        "bitstring",
        "count",
        "weight",
        "shots",
        "shots_returned",
        "method",
    )
    schema = {
        **dict.fromkeys(("circuit_id", "register", "bitstring", "method"), pl.String),
        **dict.fromkeys(("execution", "count", "shots", "shots_returned"), pl.Int64),
        "weight": pl.Float64,
    }
    frame = pl.DataFrame([dict(zip(columns, row, strict=True)) for row in rows], schema=schema)
    return frame.lazy().with_columns(seed=pl.lit(3, dtype=pl.Int64))


GOOD = [
    ("bell", 0, "c", "00", 60, None, 100, 100, "sampled"),
    ("bell", 0, "c", "11", 40, None, 100, 100, "sampled"),
    ("pair", 0, "m", "0000", 90, None, 100, 100, "binomial"),
    ("pair", 0, "m", "rest", 10, None, 100, 100, "binomial"),
    ("pair", 1, "m", "0000", 100, None, 100, 100, "binomial"),
    ("pair", 1, "m", "rest", 0, None, 100, 100, "binomial"),
    ("ideal", 0, "all", "01 0", None, 0.25, 0, 0, "exact"),
    ("ideal", 0, "all", "11 1", None, 0.75, 0, 0, "exact"),
]


def _compiled():
    return pl.LazyFrame(
        {
            "circuit_id": ["bell", "pair", "pair", "ideal", "broken"],
            "role": ["circuit", "circuit", "overlap", "circuit", "circuit"],
            "status": ["ok", "ok", "ok", "ok", "error"],
            "classical_bits": [2, 4, 0, 3, None],
        }
    )


def _encoded():
    return pl.LazyFrame(
        {
            "circuit_id": ["bell", "pair", "pair", "ideal", "broken"],
            "seed": [3] * 5,
            "parameter_row": [0, 0, 1, 0, 0],
            "status": ["ok", "ok", "changed", "ok", "error"],
        }
    )


def _pairs():
    ends = {"left": [0, 0], "right": [1, 0]}
    return pl.LazyFrame(
        {"circuit_id": ["pair"] * 2, "seed": [3] * 2, "block": ["train"] * 2, **ends}
    )


def _judge(rows, stage_facts=None, **facts):
    tables = {
        "raw_counts": {"rows": _counts(rows)},
        "compiled_circuits": {"rows": _compiled()},
        "encoded_inputs": {"rows": _encoded(), "pairs": _pairs()},
    }
    evidence = Evidence(tables, {"raw_counts": stage_facts or {}})
    return {each.name: each for each in raw_counts.judge(evidence, CheckFacts(**facts))}


def _replaced(index, **changes):
    names = (
        "circuit_id",
        "execution",
        "register",
        "bitstring",
        "count",
        "weight",
        "shots",
        "shots_returned",
        "method",
    )
    row = {**dict(zip(names, GOOD[index], strict=True)), **changes}
    return [*GOOD[:index], tuple(row.values()), *GOOD[index + 1 :]]


def test_good_counts_pass_every_judgement():
    verdicts = _judge(GOOD)
    assert [name for name, each in verdicts.items() if not each.passed] == []
    assert verdicts["counts_sum_to_shots_returned"].metadata["shots_counted"] == 300


@pytest.mark.parametrize(
    ("rows", "name", "reason"),
    [
        (
            _replaced(0, count=59),
            "counts_sum_to_shots_returned",
            "2 counts sum to 99, shots returned are 100",
        ),
        (
            _replaced(3, count=11),
            "counts_sum_to_shots_returned",
            "2 counts sum to 101, shots returned are 100",
        ),
        (
            _replaced(0, count=None),
            "counts_sum_to_shots_returned",
            "1 counts sum to 40, shots returned are 100",
        ),
        (_replaced(6, weight=0.25 + 1e-8), "weights_sum_to_one", "weights sum to 1.00000001"),
        (_replaced(6, weight=None), "weights_sum_to_one", "1 of 2 outcomes have a weight"),
        (_replaced(6, weight=float("nan")), "weights_sum_to_one", "weights sum to NaN"),
        (_replaced(0, bitstring="000"), "bits_fit_the_circuit", "3 bits, the circuit has 2"),
        (_replaced(6, bitstring="01 00"), "bits_fit_the_circuit", "4 bits, the circuit has 3"),
        (
            _replaced(0, circuit_id="ghost"),
            "bits_fit_the_circuit",
            "has outcomes, but no compiled circuit",
        ),
        (
            _replaced(1, bitstring="rest"),
            "rest_only_for_pairs",
            "`rest` outside pairs loses outcomes",
        ),
        (GOOD[:4] + GOOD[6:], "executions_are_complete", "1 of 2 executions have outcomes"),
    ],
)
def test_a_planted_fault_is_named_with_its_reason(rows, name, reason):
    verdict = _judge(rows)[name]
    assert not verdict.passed
    assert reason in [row["reason"] for row in verdict.rows]


def test_fewer_shots_than_asked_for_are_a_warning_and_no_error():
    rows = [
        ("bell", 0, "c", "00", 60, None, 128, 100, "sampled"),
        ("bell", 0, "c", "11", 40, None, 128, 100, "sampled"),
        *GOOD[2:],
    ]
    verdicts = _judge(rows)
    assert [name for name, each in verdicts.items() if not each.passed] == [
        "shots_returned_as_asked"
    ]
    assert verdicts["shots_returned_as_asked"].severity == "warning"
    assert (
        verdicts["shots_returned_as_asked"].rows[0]["reason"] == "asked for 128 shots, 100 returned"
    )


def test_a_negative_weight_is_reported_unless_declared():
    rows = [
        *GOOD[:6],
        ("ideal", 0, "all", "01 0", None, -0.1, 0, 0, "exact"),
        ("ideal", 0, "all", "11 1", None, 1.1, 0, 0, "exact"),
    ]
    assert _judge(rows)["weights_are_not_negative"].rows[0]["bitstring"] == "01 0"
    assert _judge(rows)["weights_are_not_negative"].severity == "warning"
    assert _judge(rows, negative_probabilities=True)["weights_are_not_negative"].passed


def test_registers_that_came_apart_are_judged_each_for_itself():
    rows = [
        *GOOD[:6],
        ("ideal", 0, "a", "01", None, 1.0, 0, 0, "exact"),
        ("ideal", 0, "b", "0", None, 0.5, 0, 0, "exact"),
        ("ideal", 0, "b", "1", None, 0.5, 0, 0, "exact"),
    ]
    verdicts = _judge(rows)
    assert verdicts["weights_sum_to_one"].passed
    assert verdicts["bits_fit_the_circuit"].passed


def test_weights_that_a_provider_reports_for_sampled_shots_are_no_missing_counts():
    rows = [
        ("bell", 0, "c", "00", None, 0.6000004, 100, 100, "sampled"),
        ("bell", 0, "c", "11", None, 0.4, 100, 100, "sampled"),
        *GOOD[2:],
    ]
    verdicts = _judge(rows)
    assert verdicts["counts_sum_to_shots_returned"].passed
    assert verdicts["weights_sum_to_one"].passed


def test_a_request_that_a_lower_tier_answered_lacks_no_execution():
    verdicts = _judge([], {"origin": {"tier": "classical"}})
    assert all(each.passed for each in verdicts.values())


def test_executions_without_outcomes_and_reason_stop_the_chain():
    verdict = _judge([], {"origin": {"tier": "simulator"}, "refused": {}})[
        "executions_are_complete"
    ]
    assert not verdict.passed
    assert verdict.severity == "critical"
    assert {row["circuit_id"] for row in verdict.rows} == {"bell", "pair", "ideal"}


def test_executions_refused_for_a_stated_reason_are_a_warning_with_that_reason():
    verdicts = _judge(GOOD[2:], {"refused": {"bell": "too many qubits"}})
    assert verdicts["executions_are_complete"].passed
    refusal = verdicts["no_execution_is_refused"]
    assert not refusal.passed
    assert refusal.severity == "warning"
    assert refusal.rows[0]["reason"] == "0 of 1 executions have outcomes: too many qubits"
