"""A run from Python and one from the command line leave the same manifests."""

import pytest
from click.testing import CliRunner

from hq_assets.cli.client import RunRequest, manifest_refs, run
from hq_assets.cli.instance import open_instance
from hq_assets.cli.main import main
from hq_assets.cli.session import UsageProblem
from resources.home import hq_home
from resources.store.artifacts import ArtifactStore

WORKLOAD = "cancer_screening"
OF_THE_RUN = {
    "request_id", "workflow_id", "correlation_id", "dagster_run_id", "trigger", "requested_by", "timings",
    "job_id", "provider_job_id", "calibration_id", "cost_items", "payload_ref", "raw_response_ref",
    "result_ref", "git_commit",
}  # fmt: skip
"""Fields that tell one run from another; the commit too, as others may commit while the test runs."""


def _documents(refs):
    store = ArtifactStore(str(hq_home() / "store"))
    return {asset: store.get_manifest(ref) for asset, ref in refs.items()}


def _content(documents):
    """What the documents say of content: of stored files their hash, as bytes may hold ids of the run."""
    found = {}
    for asset, document in documents.items():
        kept = {name: value for name, value in document.items() if name not in OF_THE_RUN}
        for part in ("tables", "blobs"):
            kept[part] = {name: entry["content_hash"] for name, entry in document[part].items()}
        found[asset] = kept
    return found


@pytest.mark.integration
def test_a_python_run_leaves_the_manifests_of_a_command_line_run(tmp_path, monkeypatch):
    monkeypatch.setenv("HQ_HOME", str(tmp_path / "python"))
    asked = RunRequest(
        workloads=(WORKLOAD,), profile="sampled", purpose="compare", requested_by="ann"
    )
    summary = run(asked)
    assert summary.success
    python = _documents(summary.manifests)

    monkeypatch.setenv("HQ_HOME", str(tmp_path / "cli"))
    arguments = ["run", WORKLOAD, "--profile", "sampled", "--purpose", "compare"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    with open_instance() as instance:
        command = _documents(manifest_refs(instance, summary.specs))

    assert _content(python) == _content(command)
    assert len(python) == 11
    made, other = python[f"{WORKLOAD}/decisions"], command[f"{WORKLOAD}/decisions"]
    assert made["data_version"] == summary.decisions[WORKLOAD]
    assert (made["trigger"], other["trigger"]) == ("notebook", "CLI")
    assert made["requested_by"] == "ann"
    assert made["request_id"] == asked.request_id != other["request_id"]
    assert made["dagster_run_id"] == summary.run_id
    assert made["purpose"] == "compare"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"workloads": ("no_such",)}, "No workload is named no_such. Known are:"),
        ({"profile": "no_such"}, "No chosen workload declares profile 'no_such'"),
        ({"backend": "no_such"}, "no_such"),
    ],
)
def test_python_and_command_line_refuse_in_the_same_words(asked, words):
    with pytest.raises(UsageProblem) as caught:
        run(RunRequest(**asked))
    assert words in str(caught.value)
    options = [f"--{name}={value}" for name, value in asked.items() if name != "workloads"]
    result = CliRunner().invoke(main, ["plan", *asked.get("workloads", ()), *options])
    assert result.exit_code == 1
    assert result.output.strip() == f"Error: {caught.value}"


def test_a_purpose_without_words_is_refused_by_name():
    result = CliRunner().invoke(main, ["run", "--purpose", ""])
    assert result.exit_code == 1
    assert result.output.startswith("Error: purpose:")
