"""Laws of manifests, their schema and their documentation."""

import copy
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hq_assets.lineage.manifest import (
    ManifestError,
    build_manifest,
    canonical_json,
    fields_table,
    manifest_fields,
    manifest_schema,
    rebuild_manifest,
    validate_manifest,
)
from hq_assets.lineage.unknown_fields import KNOWN_AT, NOT_YET_KNOWN

PROJECT = Path(__file__).resolve().parents[3]
NEEDED = {
    "workload": "screening",
    "stage": "source",
    "environment": "dev",
    "data_version": "ab" * 32,
    "code_version": "cd" * 32,
    "inputs": {"screening/source": "ef" * 32},
    "source_hashes": {"a.csv": "ab"},
    "tables": {"rows": {"ref": "12.parquet"}},
    "blobs": {},
    "cache_hit": False,
}
PUBLISHED = re.findall(
    r"\w+",
    """
request_id workflow_id idempotency_key payload_fingerprint correlation_id trace_parent job_id
provider_job_id attempt retry_of dagster_run_id trigger requested_by environment team workload
workload_version criticality latency_class quantum_step success_metric thresholds owners consumer
fallback_sentence profile purpose hardware_question exit_rule experiment_id sweep_id iteration
restart source_hashes dataset_version input_hash split sampling_strategy seeds transforms
preprocessing_version postprocessing_version feature_contract encoding feature_map feature_map_cost
baseline_ref baseline_quality decision_threshold calibrator ensemble_weights circuit_template
template_version release_note circuit_fingerprint parameter_values parameterization_version
measurement transpile_options compiled_fingerprint num_qubits depth two_qubit_gates
backend_assumptions provider backend target_fingerprint backend_options calibration_id
conditions_changed shots mitigation packages sdk_version git_commit payload_ref raw_response_ref
result_ref partial error_class error_code diagnosis tier reason route routing_policy method
origin_tier origin_result age_seconds schema_version cost_items
stage data_version code_version inputs tables blobs cache_hit origin null_reasons timings
data_class allowed_regions
""",
)


def test_the_schema_is_a_schema_and_asks_for_every_field():
    schema = manifest_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["additionalProperties"] is False
    assert sorted(schema["required"]) == sorted(schema["properties"]) == sorted(PUBLISHED)
    assert all(entry["description"].endswith(".") for entry in schema["properties"].values())


def test_what_is_not_known_is_null_with_a_reason():
    document = build_manifest(**NEEDED)
    assert set(document) == set(manifest_fields())
    nulls = {name for name, value in document.items() if value is None}
    assert set(document["null_reasons"]) == nulls
    assert document["null_reasons"]["depth"] == NOT_YET_KNOWN["depth"]
    assert document["schema_version"] == {"manifest": "1.0"}
    validate_manifest(document)


def test_what_is_known_is_kept_as_it_is():
    document = build_manifest(
        **NEEDED, seeds={"split": [1, 2]}, cost_items=[{"amount": 0.5}], trigger="CLI"
    )
    assert document["seeds"] == {"split": [1, 2]}
    assert not {"seeds", "cost_items", "trigger"} & set(document["null_reasons"])


def test_a_part_that_is_null_has_a_reason_of_its_own():
    document = build_manifest(
        **NEEDED,
        shots={"asked": 10, "returned": None},
        calibration_id={"compile": "c", "submit": None, "finish": None},
        depth={"abstract": 3, "compiled": None},
        null_reasons={"calibration_id.finish": "the job still runs"},
    )
    reasons = document["null_reasons"]
    assert reasons["shots.returned"] == NOT_YET_KNOWN["shots.returned"]
    assert reasons["calibration_id.finish"] == "the job still runs"
    assert {"calibration_id.submit", "depth.compiled"} <= set(reasons)
    assert not {"shots", "shots.asked", "calibration_id.compile"} & set(reasons)


def test_a_reason_that_is_given_replaces_the_usual_one():
    document = build_manifest(**NEEDED, null_reasons={"team": "a private experiment"})
    assert document["null_reasons"]["team"] == "a private experiment"


def test_an_unknown_field_is_refused_by_name():
    with pytest.raises(ManifestError, match="'colour'"):
        build_manifest(**NEEDED, colour="red")


@pytest.mark.parametrize("name", sorted(set(NEEDED) - {"stage"}))
def test_a_null_without_a_reason_is_refused_by_name(name):
    with pytest.raises(ManifestError, match=name):
        build_manifest(**{**NEEDED, name: None})


@pytest.mark.parametrize(
    ("stage", "name"), [(stage, name) for stage, names in KNOWN_AT.items() for name in names]
)
def test_a_stage_that_must_know_a_field_has_no_excuse(stage, name):
    others = {n: EXAMPLES[n] for n in KNOWN_AT[stage] if n != name}
    known = {**NEEDED, **others, "stage": stage, name: None}
    with pytest.raises(ManifestError, match=rf"{stage} says nothing about {name}\."):
        build_manifest(**known)
    document = build_manifest(**known, null_reasons={name: "the backend keeps it secret"})
    assert document["null_reasons"][name] == "the backend keeps it secret"


EXAMPLES = {
    "source_hashes": {"a.csv": "ab"},
    "transforms": [],
    "seeds": {"split": 1},
    "backend": "aer",
    "target_fingerprint": "ab",
    "backend_options": {},
    "circuit_fingerprint": {"a": "b"},
    "compiled_fingerprint": ["b"],
    "transpile_options": {},
    "template_version": "1.0.0",
    "idempotency_key": [],
    "payload_fingerprint": "ab",
    "tier": "simulator",
    "baseline_ref": "a@b",
    "baseline_quality": {"linear_svc": 0.9},
    "split": {"0": {"train": 3}},
    "input_hash": "ab",
    "measurement": {"basis": "computational"},
    "calibration_id": {"compile": "a", "submit": None, "finish": None},
    "feature_map_cost": {"depth": 3},
    "payload_ref": [],
    "attempt": 1,
    "raw_response_ref": [],
    "result_ref": [],
    "partial": False,
    "shots": {"asked": 1, "returned": 1},
    "cost_items": [],
    "route": ["simulator"],
    "profile": "exact",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tier", "magic"),
        ("trigger", "full moon"),
        ("shots", {"asked": 1}),
        ("shots", {"asked": -1, "returned": 0}),
        ("depth", 1.5),
        ("depth", -1),
        ("cache_hit", "yes"),
        ("inputs", {"a": 1}),
        ("error_class", "bad luck"),
        ("calibration_id", {"compile": "a", "submit": "b", "finish": "c", "later": "d"}),
        ("packages", {"qiskit": 2}),
        ("age_seconds", -1),
        ("request_id", ""),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_field(name, value):
    with pytest.raises(ManifestError, match=name):
        build_manifest(**{**NEEDED, name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_has_not_are_refused_by_place(value):
    with pytest.raises(ManifestError, match=r"thresholds\.quality"):
        build_manifest(**NEEDED, thresholds={"quality": value})
    with pytest.raises(ManifestError, match=r"cost_items\.0\.amount"):
        build_manifest(**NEEDED, cost_items=[{"amount": value}])
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": value})


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(PUBLISHED))
def test_a_document_without_any_one_field_is_refused_by_name(name):
    document = build_manifest(**NEEDED)
    del document[name]
    with pytest.raises(ManifestError, match=name):
        validate_manifest(document)


def test_a_null_and_its_reason_belong_together():
    document = build_manifest(**NEEDED)
    without = copy.deepcopy(document)
    del without["null_reasons"]["tier"]
    with pytest.raises(ManifestError, match="tier is null without a reason"):
        validate_manifest(without)
    superfluous = {**document, "team": "screening"}
    with pytest.raises(ManifestError, match="team has a reason but is not null"):
        validate_manifest(superfluous)
    with pytest.raises(ManifestError, match="colour"):
        validate_manifest({**document, "colour": "red"})


def test_a_cache_hit_names_its_origin():
    with pytest.raises(ManifestError, match="origin"):
        build_manifest(**{**NEEDED, "cache_hit": True})
    original = build_manifest(**NEEDED, trigger="CLI", null_reasons={"team": "nobody's"})
    again = rebuild_manifest(
        original, cache_hit=True, origin="ab.json", trigger="schedule", requested_by="x"
    )
    validate_manifest(again)
    assert (again["origin"], again["trigger"], again["requested_by"]) == (
        "ab.json",
        "schedule",
        "x",
    )
    assert again["null_reasons"]["team"] == "nobody's"
    assert not {"origin", "requested_by"} & set(again["null_reasons"])
    assert again["data_version"] == original["data_version"]


def test_a_rebuilt_field_that_becomes_null_gets_its_reason():
    original = build_manifest(**NEEDED, purpose="to see")
    again = rebuild_manifest(original, purpose=None)
    assert again["null_reasons"]["purpose"] == NOT_YET_KNOWN["purpose"]


def test_canonical_json_does_not_depend_on_the_order_of_keys():
    assert canonical_json({"b": 1, "a": "Ä"}) == '{"a":"Ä","b":1}'.encode()
    document = build_manifest(**NEEDED)
    backwards = dict(reversed(document.items()))
    assert canonical_json(backwards) == canonical_json(document)
    assert json.loads(canonical_json(document)) == document


def test_the_reasons_are_those_of_fields_that_exist():
    places = {place.partition(".")[0] for place in NOT_YET_KNOWN}
    assert places <= set(manifest_fields())
    assert {name for names in KNOWN_AT.values() for name in names} <= places


def test_the_documentation_lists_the_fields_of_the_schema():
    text = (PROJECT / "docs" / "manifest.md").read_text(encoding="utf-8")
    assert fields_table() in text
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(manifest_fields())


def test_a_validator_of_another_language_can_read_the_schema():
    """The document and the schema alone suffice: nothing of this package is needed."""
    schema = json.loads((PROJECT / "hq_assets/lineage/manifest.schema.json").read_text("utf-8"))
    document = json.loads(canonical_json(build_manifest(**NEEDED)))
    assert Draft202012Validator(schema).is_valid(document)
    assert not Draft202012Validator(schema).is_valid({**document, "cache_hit": True})


def test_importing_the_package_loads_nothing_heavy():
    names = (
        "circuit_fingerprint",
        "code_fingerprint",
        "manifest",
        "table_fingerprint",
    )
    imports = "; ".join(f"import hq_assets.lineage.{name}" for name in names)
    heavy = "{'numpy', 'polars', 'pyarrow', 'qiskit', 'jsonschema', 'dagster', 'pydantic'}"
    code = f"import sys; {imports}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
