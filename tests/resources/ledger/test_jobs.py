"""The job ledger: one row per key, no change lost, no change on stale knowledge."""

from datetime import UTC, datetime, timedelta

import pytest

from resources.ledger.errors import (
    IllegalTransition,
    LedgerConflict,
    LedgerError,
    StaleJob,
    UnknownJob,
)
from resources.ledger.jobs import JobLedger


class Ticking:
    """A clock that moves a second per look."""

    def __init__(self):
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture
def ledger(tmp_path):
    ledger = JobLedger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", clock=Ticking())
    ledger.migrate()
    return ledger


def intend(ledger, key="key", fingerprint="f" * 64, workload="lab"):
    return ledger.intend(
        idempotency_key=key,
        payload_fingerprint=fingerprint,
        workload=workload,
        backend="ideal_aer",
        payload_ref="0.json",
        request_id="request",
    )


def test_an_intent_is_written_and_read_back(ledger):
    job = intend(ledger)
    assert ledger.job("key") == job
    assert (job.state, job.version, job.attempt, job.settled) == ("intent", 1, 0, False)
    assert job.created_at == job.updated_at == "2026-01-01T00:00:01.000000+00:00"


def test_the_same_key_and_payload_is_the_job_already_there(ledger):
    first = intend(ledger)
    moved = ledger.advance("key", first.version, "submitted", provider_job_id="p-1")
    assert intend(ledger) == moved


def test_the_same_key_with_another_payload_is_a_conflict(ledger):
    intend(ledger)
    with pytest.raises(LedgerConflict, match="belongs to payload"):
        intend(ledger, fingerprint="0" * 64)
    assert len(ledger.jobs()) == 1


def test_an_advance_changes_what_it_names_and_counts_the_version(ledger):
    job = intend(ledger)
    moved = ledger.advance("key", 1, "submitted", provider_job_id="p-1", submitted_at="now")
    assert (moved.state, moved.version, moved.provider_job_id) == ("submitted", 2, "p-1")
    assert moved.updated_at > job.updated_at
    assert moved.created_at == job.created_at
    done = ledger.advance("key", 2, "completed", result_ref="r", raw_response_ref="raw")
    assert done.settled
    assert ledger.job("key") == done


def test_an_advance_on_stale_knowledge_is_refused(ledger):
    intend(ledger)
    ledger.advance("key", 1, "submitted")
    with pytest.raises(StaleJob, match="version 2"):
        ledger.advance("key", 1, "submitted")
    assert ledger.job("key").version == 2


def test_an_illegal_advance_changes_nothing(ledger):
    intend(ledger)
    with pytest.raises(IllegalTransition):
        ledger.advance("key", 1, "completed")
    assert ledger.job("key").state == "intent"


def test_identity_fields_never_change(ledger):
    intend(ledger)
    with pytest.raises(LedgerError, match="payload_ref"):
        ledger.advance("key", 1, "submitted", payload_ref="other")


def test_an_absent_job_is_unknown(ledger):
    assert ledger.find("key") is None
    with pytest.raises(UnknownJob):
        ledger.job("key")
    with pytest.raises(UnknownJob):
        ledger.advance("key", 1, "submitted")


def test_jobs_are_found_by_state_and_workload_oldest_first(ledger):
    for key, workload in (("b", "lab"), ("a", "lab"), ("c", "other")):
        intend(ledger, key=key, workload=workload)
    ledger.advance("a", 1, "submitted")
    assert [job.idempotency_key for job in ledger.jobs()] == ["b", "a", "c"]
    assert [job.idempotency_key for job in ledger.jobs(workload="lab")] == ["b", "a"]
    assert [job.idempotency_key for job in ledger.jobs(state="intent")] == ["b", "c"]
    assert [job.idempotency_key for job in ledger.jobs("submitted", "lab")] == ["a"]
    with pytest.raises(LedgerError, match="no state"):
        ledger.jobs(state="done")


def test_a_clock_without_a_time_zone_is_refused(tmp_path):
    ledger = JobLedger(
        f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        clock=lambda: datetime(2026, 1, 1),  # noqa: DTZ001 - what is refused here
    )
    ledger.migrate()
    with pytest.raises(ValueError, match="no time zone"):
        intend(ledger)
