"""Every result has a manifest that obeys the schema and says what Dagster recorded."""

import hashlib

import pytest

from hq_assets.lineage.manifest import canonical_json, manifest_fields, validate_manifest
from hq_assets.stages.spec import STAGES, UPSTREAM

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
