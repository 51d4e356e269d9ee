"""Ideal rows for what has a reference, one empty row with a reason for what has none."""

import polars as pl
import pytest

from hq_assets.problems.circuit_collection.settings import Settings
from hq_assets.problems.circuit_collection.solve_classically import SCHEMA, solve_classically

ROTATION = (
    'OPENQASM 3.0; include "stdgates.inc"; input float theta; qubit q; bit[1] c; '
    "ry(theta) q; c[0] = measure q;"
)
MIDDLE = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit[1] c; h q; c[0] = measure q; reset q;'


def test_parameter_rows_have_their_own_distributions(cleaned_of):
    cleaned = cleaned_of(
        {"r.qasm": ROTATION, "parameters.csv": "file,theta\nr.qasm,0\nr.qasm,3.141592653589793\n"}
    )
    frame = solve_classically(cleaned, Settings(), (1,)).frame.collect()
    assert frame.select("record_id", "indices", "label", "value", "std", "quality").rows() == [
        ("r.qasm#0", [0], "0", pytest.approx(1.0), 0.0, 1.0),
        ("r.qasm#1", [1], "1", pytest.approx(1.0), 0.0, 1.0),
    ]


def test_a_circuit_without_reference_has_one_empty_row_and_a_reason(cleaned_of, bell):
    baselines = solve_classically(cleaned_of({"a.qasm": bell, "m.qasm": MIDDLE}), Settings(), (1,))
    frame = baselines.frame.collect()
    (row,) = frame.filter(pl.col("circuit_id") == "m.qasm").rows(named=True)
    assert (row["label"], row["value"], row["quality"]) == (None, None, None)
    assert "before the end" in baselines.facts["not_applicable"]["m.qasm"]
    assert frame.filter(pl.col("circuit_id") == "a.qasm")["value"].sum() == pytest.approx(1.0)


def test_refused_files_have_no_rows_and_every_seed_has_the_same(cleaned_of, bell):
    frame = solve_classically(
        cleaned_of({"a.qasm": bell, "b.qasm": b""}, seeds=(4, 6)), Settings(), (4, 6)
    ).frame.collect()
    assert frame.schema == pl.Schema(SCHEMA)
    assert frame["circuit_id"].unique().to_list() == ["a.qasm"]
    four, six = (frame.filter(pl.col("seed") == seed).drop("seed") for seed in (4, 6))
    assert four.equals(six)


def test_an_empty_collection_has_no_rows(cleaned_of):
    assert solve_classically(cleaned_of({}), Settings(), (1,)).frame.collect().is_empty()
