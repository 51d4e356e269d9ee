"""Each stage's suite passes on a good table and names the row of a planted fault."""

import math

import polars as pl
import pytest

from hq_assets.checks import expectation_suites as suites
from hq_assets.checks.facts import CheckFacts
from hq_assets.checks.great_expectations_run import run_suite

FACTS = CheckFacts(
    value_columns=("size",),
    label_column="label",
    label_values=("B", "M"),
    encoding_range=(0.0, math.pi),
    one_row_per_record=True,
)
SHA, TEXT = "0123456789abcdef" * 4, pl.String


def _nulls(rows, dtype=TEXT):
    return pl.Series([None] * rows, dtype=dtype)


def _good():
    result = {
        "name": ["kernel_train"] * 2,
        "circuit_id": ["zz"] * 2,
        "seed": [0, 0],
        "indices": [[0, 1], [0, 2]],
        "label": _nulls(2),
        "value": [0.4, 0.5],
        "std": [0.01, 0.0],
        "tier": ["simulator"] * 2,
        "backend": ["ideal_aer"] * 2,
        "calibration_id": ["ideal"] * 2,
    }
    return {
        "source": {
            "path": ["x.csv", "y.csv"],
            "content_hash": [SHA] * 2,
            "size": [3, 4],
            "ref": [f"{SHA}.csv"] * 2,
        },
        "target": {"operation": ["cx", "measure"], "placements": [None, 4]},
        "profile": {"name": ["exact"], "method": ["exact"], "shots": [0]},
        "cleaned_features": {
            "record_id": ["a", "b", "c", "d"],
            "seed": [0] * 4,
            "split": ["train", "train", "test", None],
            "size": [1.0, 2.0, 3.0, None],
            "label": ["B", "M", "B", None],
            "status": ["ok", "changed", "ok", "dropped"],
            "reason": [None, "clipped", None, "no label"],
        },
        "encoded_inputs": {
            "circuit_id": ["zz"] * 3,
            "seed": [0] * 3,
            "parameter_row": [0, 1, 2],
            "record_ids": [["a"], ["b"], ["c"]],
            "split": ["train", "train", "test"],
            "values": [[0.0, math.pi], [1.0, 2.0], None],
            "status": ["ok", "ok", "error"],
            "reason": [None, None, "not finite"],
        },
        "compiled_circuits": {
            "circuit_id": ["zz", "bad"],
            "template_version": ["1.0.0", "1.0.0-rc.1"],
            "role": ["circuit"] * 2,
            "circuit_fingerprint": ["f", None],
            "compiled_fingerprint": ["g", None],
            "target_fingerprint": ["t"] * 2,
            **{
                name: [4, None]
                for name in ("num_qubits", "depth", "two_qubit_gates", "abstract_depth")
            },
            "abstract_two_qubit_gates": [4, None],
            "classical_bits": [4, None],
            "parameters": [["x"], []],
            "status": ["ok", "unsupported"],
            "reason": [None, "too wide"],
        },
        "job_receipts": {
            "idempotency_key": ["k"],
            "payload_fingerprint": [SHA],
            "backend": ["ideal_aer"],
            "provider_job_id": ["j"],
            "method": ["sampled"],
            "request_id": ["r"],
            **{name: [7] for name in ("pubs", "executions", "shots")},
        },
        "raw_counts": {
            "circuit_id": ["zz"] * 3,
            "seed": [0] * 3,
            "execution": [0, 0, 1],
            "register": ["c"] * 3,
            "bitstring": ["0000", "rest", "00 01"],
            "count": [3, 4, None],
            "weight": [None, None, 1.0],
            "shots": [7, 7, 0],
            "shots_returned": [7, 7, 0],
            "method": ["binomial", "binomial", "exact"],
            "tier": ["simulator"] * 3,
            "idempotency_key": ["k"] * 3,
        },
        "normalized_results": result,
        "baselines": {
            **result,
            "tier": ["classical"] * 2,
            "method": ["svc"] * 2,
            "split": ["test", None],
            "quality": [0.9, None],
            "record_id": _nulls(2),
        },
        "decisions": {
            "record_id": ["a", "b"],
            "seed": [0, 0],
            "published": [True, True],
            "outcome": ["action", "abstain"],
            "label": ["M", None],
            "score": [1.5, None],
            "confidence_value": [0.8, None],
            "confidence_kind": ["probability", None],
            "confidence_method": ["platt", None],
            "tier": ["simulator"] * 2,
            "backend": ["ideal_aer"] * 2,
            "calibration_id": ["ideal"] * 2,
            "profile": ["exact"] * 2,
            "reason": [None, "too close"],
            "baseline_ref": ["svc", "svc"],
            "baseline_label": ["M", "B"],
        },
    }


def _run(stage, previous=None, **planted):
    columns = {**_good()[stage], **planted}
    frame = pl.LazyFrame(columns).with_columns(schema_version=pl.lit("1.0"))
    frame = frame.select(pl.exclude([name for name, value in columns.items() if value is None]))
    suite = suites.expectations_for(stage, FACTS, previous)
    return run_suite(frame, suite, id_columns=suites.ID_COLUMNS[stage])


def _failed(result):
    return [entry for entry in result.results if not entry.passed]


@pytest.mark.parametrize("stage", list(suites.SUITES))
def test_a_good_table_passes_its_suite(stage):
    assert [(entry.expectation.title, entry.observed) for entry in _failed(_run(stage))] == []


PLANTED = [
    ("source", {"content_hash": [SHA, "zz"]}, {"path": "y.csv"}),
    ("source", {"path": ["x.csv", "x.csv"]}, {"path": "x.csv"}),
    ("source", {"size": [3, -1]}, {"path": "y.csv"}),
    ("source", {"records": [3, -1]}, {"records": -1}),
    ("target", {"operation": ["cx", "cx"]}, {"operation": "cx"}),
    ("profile", {"method": ["guessed"]}, {"method": "guessed"}),
    ("cleaned_features", {"size": [1.0, math.inf, 3.0, None]}, {"record_id": "b"}),
    ("cleaned_features", {"size": [1.0, 2.0, None, None]}, {"record_id": "c"}),
    ("cleaned_features", {"reason": [None, None, None, "no label"]}, {"record_id": "b"}),
    ("cleaned_features", {"record_id": ["a", "b", "a", "d"]}, {"record_id": "a"}),
    ("cleaned_features", {"label": ["B", "X", "M", None]}, {"record_id": "b", "label": "X"}),
    ("cleaned_features", {"split": ["train", "train", "valid", None]}, {"split": "valid"}),
    ("cleaned_features", {"status": ["ok", "changed", "fine", "dropped"]}, {"status": "fine"}),
    (
        "encoded_inputs",
        {"values": [[0.0, 3.2], [1.0, 2.0], None]},
        {"parameter_row": 0, "values_max": 3.2},
    ),
    (
        "encoded_inputs",
        {"values": [[-0.1, 3.0], [1.0, 2.0], None]},
        {"parameter_row": 0, "values_min": -0.1},
    ),
    (
        "encoded_inputs",
        {"values": [[0.0, math.nan], [1.0, 2.0], None]},
        {"parameter_row": 0, "values_not_finite": 1},
    ),
    (
        "encoded_inputs",
        {"values": [[0.0, None], [1.0, 2.0], None]},
        {"parameter_row": 0, "values_not_finite": 1},
    ),
    (
        "encoded_inputs",
        {"values": [None, [1.0, 2.0], None]},
        {"parameter_row": 0, "values_length": None},
    ),
    (
        "encoded_inputs",
        {"record_ids": [[], ["b"], ["c"]]},
        {"parameter_row": 0, "record_ids_length": 0},
    ),
    ("encoded_inputs", {"parameter_row": [0, 0, 2]}, {"parameter_row": 0}),
    ("compiled_circuits", {"template_version": ["1.0", "1.0.0"]}, {"template_version": "1.0"}),
    ("compiled_circuits", {"compiled_fingerprint": [None, None]}, {"circuit_id": "zz"}),
    ("compiled_circuits", {"depth": [-1, None]}, {"depth": -1}),
    ("compiled_circuits", {"reason": _nulls(2)}, {"circuit_id": "bad"}),
    ("job_receipts", {"provider_job_id": _nulls(1)}, {"idempotency_key": "k"}),
    ("job_receipts", {"executions": [0]}, {"executions": 0}),
    ("raw_counts", {"count": [3, -4, None]}, {"bitstring": "rest", "count": -4}),
    ("raw_counts", {"bitstring": ["0x00", "rest", "00 01"]}, {"bitstring": "0x00"}),
    ("raw_counts", {"bitstring": ["rest", "rest", "00 01"]}, {"bitstring": "rest"}),
    ("raw_counts", {"tier": ["simulator", "magic", "simulator"]}, {"tier": "magic"}),
    ("raw_counts", {"method": ["binomial", "guess", "exact"]}, {"method": "guess"}),
    ("normalized_results", {"value": [math.nan, 0.5]}, {"indices_0": 0, "indices_1": 1}),
    ("normalized_results", {"std": [-0.01, 0.0]}, {"std": -0.01}),
    ("normalized_results", {"indices": [[0, 1], [0, 1]]}, {"indices_1": 1}),
    ("baselines", {"quality": [math.inf, None]}, {"method": "svc"}),
    ("decisions", {"outcome": ["action", "guess"]}, {"record_id": "b", "outcome": "guess"}),
    ("decisions", {"label": _nulls(2)}, {"record_id": "a"}),
    ("decisions", {"reason": _nulls(2)}, {"record_id": "b"}),
    ("decisions", {"record_id": ["a", "a"]}, {"record_id": "a"}),
    ("decisions", {"score": [math.nan, None]}, {"record_id": "a"}),
]


@pytest.mark.parametrize(
    ("stage", "planted", "named"), PLANTED, ids=[f"{s}-{next(iter(p))}" for s, p, _ in PLANTED]
)
def test_a_planted_fault_blocks_and_its_row_is_named(stage, planted, named):
    result = _run(stage, **planted)
    rows = [row for entry in _failed(result) for row in entry.rows]
    assert result.blocks
    assert any(named.items() <= row.items() for row in rows), rows


@pytest.mark.parametrize("stage", list(suites.SUITES))
def test_each_column_that_a_suite_requires_is_missed(stage):
    schema = [item for item in suites.expectations_for(stage, FACTS) if item.on == "schema"]
    required = schema[0].kwargs["value_set"]
    kept = required[len(required) // 2]
    frame = pl.LazyFrame(_good()[stage]).with_columns(schema_version=pl.lit("1.0")).select(kept)
    missing = {row["column"] for row in run_suite(frame, schema).results[0].rows}
    assert missing == set(required) - {kept}


def test_an_empty_file_is_a_warning():
    result = _run("source", size=[3, 0])
    assert not result.passed
    assert not result.blocks


def test_more_rows_than_the_stage_before_block():
    assert _run("encoded_inputs", previous=3).passed
    assert _run("encoded_inputs", previous=2).blocks
    assert _run("decisions", previous=1).blocks
    free = suites.expectations_for("encoded_inputs", CheckFacts(), 2)
    assert all("max_value" not in item.kwargs for item in free if "RowCount" in item.kind)


def test_one_class_only_and_a_rare_class_block():
    assert _run("cleaned_features", label=["B", "B", "M", None]).blocks
    skewed = CheckFacts(label_column="label", label_values=("B", "M"), label_share=(0.6, 1.0))
    frame = pl.LazyFrame(_good()["cleaned_features"]).with_columns(schema_version=pl.lit("1.0"))
    result = run_suite(frame, suites.expectations_for("cleaned_features", skewed))
    assert {entry.observed for entry in _failed(result)} == {"0.5"}


def test_an_empty_table_blocks_where_rows_are_needed_and_passes_where_a_lower_tier_answers():
    for stage, blocks in (
        ("cleaned_features", True),
        ("raw_counts", False),
        ("job_receipts", False),
    ):
        frame = pl.LazyFrame(_good()[stage]).with_columns(schema_version=pl.lit("1.0")).head(0)
        suite = suites.expectations_for(stage, CheckFacts())
        assert run_suite(frame, suite).blocks is blocks


def test_a_stage_without_a_suite_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match="no suite for stage 'guesses'; known are: source"):
        suites.expectations_for("guesses", FACTS)


def test_a_suite_is_plain_data_and_the_same_every_time():
    import json

    for stage in suites.SUITES:
        first, second = (suites.expectations_for(stage, FACTS, 5) for _ in range(2))
        assert first == second
        assert json.loads(json.dumps([dict(item.kwargs) for item in first]))
