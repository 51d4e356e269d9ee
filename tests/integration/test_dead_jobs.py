"""A job that failed is no dead end: the next run submits again and completes."""

import pytest

from resources.home import hq_home
from resources.ledger.jobs import JobLedger

pytestmark = pytest.mark.integration

RECEIPTS = "cancer_sample/job_receipts"
UP_TO_RECEIPTS = (
    "source",
    "target",
    "profile",
    "cleaned_features",
    "encoded_inputs",
    "compiled_circuits",
    "job_receipts",
)


@pytest.fixture
def submitted(project):
    """The small project up to its receipts: its job is submitted and nobody has collected it."""
    outcome = project.run(stages=UP_TO_RECEIPTS)
    assert outcome.success, outcome.text
    return project


def _end(state, to_state):
    """Settle the only job without an answer."""
    ledger = JobLedger(f"sqlite:///{hq_home() / 'ledger.sqlite'}")
    [job] = state.jobs()
    return ledger.advance(
        job.idempotency_key,
        job.version,
        to_state,
        error_class="transient",
        diagnosis="the device lost it",
    )


def _reasons(outcome):
    return {reason.key: reason.reason for reason in outcome.plan.reasons}


def test_counts_of_a_failed_job_are_refused_with_what_to_do(submitted, state):
    _end(state, "failed")
    outcome = submitted.run(stages=["raw_counts"])
    assert not outcome.success
    assert "the device lost it. Materialize cancer_sample/job_receipts again" in outcome.text


@pytest.mark.parametrize("ended", ["failed", "cancelled"])
def test_after_a_job_that_gave_no_answer_the_next_run_submits_again(submitted, state, ended):
    old = _end(state, ended)
    outcome = submitted.run()
    assert outcome.success, outcome.text
    assert _reasons(outcome)[RECEIPTS] == f"a job of these receipts is {ended}"
    assert {job.state for job in state.jobs()} == {ended, "completed"}
    [new] = state.manifest("job_receipts")["idempotency_key"]
    assert new != old.idempotency_key
    assert not submitted.run().plan.selection


def test_receipts_that_the_ledger_does_not_know_are_made_again(ran, versions):
    before = versions()
    for ending in ("", "-wal", "-shm"):
        (hq_home() / f"ledger.sqlite{ending}").unlink(missing_ok=True)
    outcome = ran.run()
    assert outcome.success, outcome.text
    assert _reasons(outcome) == {RECEIPTS: "a job of these receipts is unknown to the ledger"}
    assert versions()["decisions"] == before["decisions"]
