"""A job that is alive after the deadline: no output, nothing fails, and an observation says why."""

import fcntl

import dagster as dg
import pytest

from hq_assets.cli.instance import open_instance
from hq_assets.stages import raw_counts

pytestmark = pytest.mark.integration


def test_a_job_that_is_alive_at_the_deadline_is_pending_and_completes_later(
    finished, project, state, versions, tmp_path, monkeypatch
):
    home, other = tmp_path / "home", finished / "home"
    monkeypatch.setenv("HQ_HOME", str(home))
    monkeypatch.setattr(raw_counts, "DEADLINE_SECONDS", 0.2)
    (known,) = other.rglob("*.response.json")
    lock = home / known.relative_to(other).with_name(known.name.replace("response", "lock"))
    lock.parent.mkdir(parents=True)
    with lock.open("ab") as held:  # as a process would that executes the job and never ends
        fcntl.flock(held, fcntl.LOCK_EX)
        outcome = project.run()
    assert outcome.success, outcome.text
    assert "job_receipts" in outcome.made
    assert not {"raw_counts", "normalized_results", "decisions"} & outcome.made
    (job,) = state.jobs()
    assert not job.settled
    metadata = last_observation().metadata
    assert metadata["tier"].value == "pending"
    reason = str(metadata["reason"].value)
    assert job.idempotency_key[:12] in reason
    assert "not settled within" in reason

    monkeypatch.setattr(raw_counts, "DEADLINE_SECONDS", 60.0)
    later = project.run()
    assert later.success, later.text
    assert {"raw_counts", "decisions"} <= later.made
    monkeypatch.setenv("HQ_HOME", str(other))
    undisturbed = versions()
    monkeypatch.setenv("HQ_HOME", str(home))
    assert versions() == undisturbed


def last_observation() -> dg.AssetObservation:
    """The latest observation of the counts."""
    with open_instance() as instance:
        key = dg.AssetKey(["cancer_sample", "raw_counts"])
        (record,) = instance.fetch_observations(key, limit=1).records
        assert record.asset_observation is not None
        return record.asset_observation
