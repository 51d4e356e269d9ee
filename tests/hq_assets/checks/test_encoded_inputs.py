"""Records, lengths, pairs and drift of encoded rows."""

import numpy as np
import polars as pl
import pytest

from hq_assets.checks import encoded_inputs
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _cleaned(status="ok"):
    return pl.LazyFrame(
        {
            "record_id": ["a", "b", "c"],
            "seed": [0] * 3,
            "split": ["train", "train", "test"],
            "status": ["ok", "ok", status],
        }
    )


def _encoded(**planted):
    columns = {
        "circuit_id": ["zz"] * 3,
        "seed": [0] * 3,
        "parameter_row": [0, 1, 2],
        "record_ids": [["a"], ["b"], ["c"]],
        "split": ["train", "train", "test"],
        "values": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]],
        "status": ["ok"] * 3,
    }
    return pl.LazyFrame({**columns, **planted})


def _pairs(left=(0, 0), right=(1, 2)):
    return pl.LazyFrame(
        {
            "circuit_id": ["zz"] * 2,
            "seed": [0] * 2,
            "block": ["train", "test"],
            "left": left,
            "right": right,
        }
    )


def _judge(rows=None, pairs=None, cleaned=None, **facts):
    tables = {
        "rows": _encoded() if rows is None else rows,
        "pairs": _pairs() if pairs is None else pairs,
    }
    evidence = Evidence(
        {
            "encoded_inputs": tables,
            "cleaned_features": {"rows": _cleaned() if cleaned is None else cleaned},
        }
    )
    found = encoded_inputs.judge(evidence, CheckFacts(one_row_per_record=True, **facts))
    return {each.name: each for each in found}


def test_good_rows_and_pairs_pass():
    assert all(each.passed for each in _judge().values())


@pytest.mark.parametrize(
    ("arguments", "name", "reason"),
    [
        (
            {"rows": _encoded(record_ids=[["a"], ["b"], ["x"]])},
            "records_are_known",
            "no usable record of cleaned_features",
        ),
        (
            {"cleaned": _cleaned("dropped")},
            "records_are_known",
            "no usable record of cleaned_features",
        ),
        (
            {"rows": _encoded(record_ids=[["a"], ["b"], ["b"]])},
            "each_record_is_encoded_once",
            "has 2 encoded rows",
        ),
        ({"rows": _encoded().head(2)}, "each_record_is_encoded_once", "has 0 encoded rows"),
        (
            {"rows": _encoded(values=[[0.1], [0.3, 0.4], [0.5, 0.6]])},
            "lengths_agree",
            "has rows of 1 to 2 values",
        ),
        ({"pairs": _pairs(right=(1, 9))}, "pairs_are_valid", "right is no usable parameter row"),
        ({"pairs": _pairs(left=(-1, 0))}, "pairs_are_valid", "left is no usable parameter row"),
        ({"pairs": pl.concat([_pairs(), _pairs().head(1)])}, "pairs_are_valid", "named 2 times"),
    ],
)
def test_a_planted_fault_is_named(arguments, name, reason):
    verdict = _judge(**arguments)[name]
    assert not verdict.passed
    assert reason in [row["reason"] for row in verdict.rows]


def test_records_that_are_dropped_or_unused_need_no_encoded_row():
    more = pl.LazyFrame(
        {
            "record_id": ["d", "e"],
            "seed": [0, 0],
            "split": ["unused", "unused"],
            "status": ["ok", "dropped"],
        }
    )
    assert _judge(cleaned=pl.concat([_cleaned(), more]))["each_record_is_encoded_once"].passed


def test_planted_drift_of_a_component_is_found_and_fixed_only_where_all_features_are():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 3))
    values[200:, 1] += 1.0
    rows = pl.LazyFrame(
        {
            "circuit_id": ["zz"] * 400,
            "seed": [0] * 400,
            "split": ["train"] * 200 + ["test"] * 200,
            "values": values.tolist(),
            "status": ["ok"] * 400,
        }
    )
    (mixed,) = encoded_inputs.component_drift(
        rows, CheckFacts(feature_contract={"x": "fixed", "y": "may_drift"})
    )
    fixed, rest = encoded_inputs.component_drift(rows, CheckFacts(feature_contract={"x": "fixed"}))
    assert (mixed.passed, mixed.severity) == (False, "warning")
    assert (fixed.passed, fixed.severity) == (False, "critical")
    assert [row["feature"] for row in fixed.rows] == ["values[1]"]
    assert rest.passed


def test_circuits_of_different_lengths_have_no_components_to_compare():
    rows = _encoded(values=[[0.1], [0.3, 0.4], [0.5, 0.6]])
    assert encoded_inputs.component_drift(rows, CheckFacts()) == []
