"""Every result has a manifest that obeys the schema and says what Dagster recorded."""

import hashlib

import dagster as dg
import pytest
import yaml

from hq_assets.cli.instance import open_instance
from hq_assets.lineage.manifest import canonical_json, manifest_fields, validate_manifest
from hq_assets.stages.spec import STAGES, UPSTREAM
from hq_assets.stages.standing import resolved_materialization

pytestmark = pytest.mark.integration

WORKLOAD = "cancer_sample"
INPUT_TAG = "dagster/input_data_version/"
LARGEST_BYTES = 32_768


@pytest.mark.parametrize("stage", STAGES)
def test_a_manifest_says_what_dagster_recorded(ran, state, stage):
    document = state.manifest(stage)
    tags = state.materialization(stage).tags

    validate_manifest(document)
    assert set(document) - {"null_reasons"} == set(manifest_fields()) - {"null_reasons"}
    assert document["stage"] == stage
    assert document["data_version"] == tags["dagster/data_version"]
    assert document["code_version"] == tags["dagster/code_version"]
    recorded = {
        name.removeprefix(INPUT_TAG): version
        for name, version in tags.items()
        if name.startswith(INPUT_TAG)
    }
    assert document["inputs"] == recorded
    assert set(recorded) == {f"{WORKLOAD}/{name}" for name in UPSTREAM[stage]}
    assert len(canonical_json(document)) < LARGEST_BYTES


def test_the_decision_names_the_bytes_that_it_came_from(ran, state):
    content = hashlib.sha256(ran.data.read_bytes()).hexdigest()
    document = state.manifest("decisions")
    assert document["source_hashes"] == {"data/rows.csv": content}
    assert (document["trigger"], document["cache_hit"]) == ("CLI", False)
    jobs = state.jobs()
    assert document["idempotency_key"] == [job.idempotency_key for job in jobs]
    assert document["raw_response_ref"] == [job.raw_response_ref for job in jobs]


FOLLOWED = (
    "feature_contract", "payload_ref", "result_ref", "measurement", "attempt", "input_hash", "split",
    "feature_map_cost", "baseline_quality", "decision_threshold", "calibrator", "seeds", "calibration_id",
    "transforms", "shots", "route", "cost_items", "partial", "source_hashes", "encoding", "profile",
)  # fmt: skip


def test_a_decision_knows_all_that_its_chain_recorded(ran, state):
    document = state.manifest("decisions")
    artifacts = {
        stage: state.store.artifact(
            WORKLOAD, stage, state.materialization(stage).tags["dagster/data_version"]
        )
        for stage in STAGES
    }

    assert [name for name in FOLLOWED if document[name] is None] == []
    assert document["seeds"] == {"split": [0, 1], "transpiler": 7, "simulator": 7}
    assert document["calibration_id"] == dict.fromkeys(("compile", "submit", "finish"), "ideal")
    assert document["input_hash"] == artifacts["encoded_inputs"].tables["rows"].content_hash
    assert {seed: (n["train"], n["test"]) for seed, n in document["split"].items()} == {
        "0": (24, 12),
        "1": (24, 12),
    }
    assert {step["parameters_ref"] for step in document["transforms"]} == {
        artifacts[stage].blobs["transforms"].ref for stage in ("cleaned_features", "encoded_inputs")
    }
    jobs = state.jobs()
    assert document["payload_ref"] == [job.payload_ref for job in jobs]
    assert document["result_ref"] == [job.result_ref for job in jobs]
    assert document["attempt"] == 1
    assert document["feature_contract"]["drift"]["mean_radius"] == "may_drift"
    assert document["decision_threshold"]["probability"] == 0.5
    assert list(document["baseline_quality"]) == ["linear_svc"]
    assert document["feature_map_cost"]["two_qubit_gates"] > 0
    assert set(document["measurement"]["classical_bits"].values()) == {3}


@pytest.mark.parametrize("stage", STAGES)
def test_a_null_is_never_said_to_be_recorded_by_a_stage_that_came_before(ran, state, stage):
    came_before, left = set(), [stage]
    while left:
        name = left.pop()
        came_before.add(name)
        left += UPSTREAM[name]
    reasons = state.manifest(stage)["null_reasons"]
    false = {
        place: reason
        for place, reason in reasons.items()
        if any(f"recorded by {name}" in reason for name in came_before)
    }
    assert false == {}


def test_a_manifest_takes_over_from_the_version_that_was_read(ran, state):
    first = state.materialization("cleaned_features")
    with open_instance() as instance:
        wrong = state.store.put_manifest({**state.manifest("cleaned_features"), "seeds": {}})
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                [WORKLOAD, "cleaned_features"],
                metadata={"manifest": wrong},
                tags={"dagster/data_version": "another"},
            )
        )
        key = dg.AssetKey([WORKLOAD, "cleaned_features"])
        version = first.tags["dagster/data_version"]
        found = resolved_materialization(instance, key, version, run_id="a later run")
        assert found.metadata["manifest"].value == first.metadata["manifest"].value
        assert resolved_materialization(instance, key, "unheard of", run_id="r") is None


def test_a_cache_hit_names_its_origin_and_its_own_request(ran, state):
    origin = state.materialization("decisions").metadata["manifest"].value
    first = state.manifest("decisions")
    assert ran.run(profile="sampled").success
    assert state.manifest("decisions")["cache_hit"] is False
    assert ran.run().success

    again = state.manifest("decisions")

    validate_manifest(again)
    assert (again["cache_hit"], again["origin"]) == (True, origin)
    assert again["data_version"] == first["data_version"]
    assert again["inputs"] == first["inputs"]
    assert again["request_id"] != first["request_id"]
    assert again["dagster_run_id"] != first["dagster_run_id"]


def test_a_cache_hit_names_the_profile_of_its_own_run(ran, state):
    document = yaml.safe_load(ran.defs.read_text(encoding="utf-8"))
    ran.edit("profiles.again", document["attributes"]["profiles"]["exact"])
    assert ran.run(profile="again").success

    again = state.manifest("encoded_inputs")

    assert (again["cache_hit"], again["profile"]) == (True, "again")
