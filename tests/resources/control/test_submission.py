"""Submission: whatever dies or fails in between, a key never has two jobs at the provider."""

from datetime import UTC, datetime

import pytest

from resources.backends.contract import BackendError
from resources.control.submission import idempotency_key, open_generation, submit_job
from resources.ledger.errors import LedgerConflict

STEPS = ("intended", "announced", "accepted", "recorded")


@pytest.fixture
def submit(ledger, backend, request_of_test, payload_ref):
    def call(**changes):
        return submit_job(ledger, backend, request_of_test, "key", payload_ref, "req", **changes)

    return call


def test_a_job_is_submitted_once_and_its_receipt_stays_the_same(submit, ledger, backend):
    receipt = submit()
    assert submit() == receipt
    assert backend.submissions() == ["key"]
    job = ledger.job("key")
    assert (job.state, job.provider_job_id, job.attempt) == ("submitted", "job-0", 1)
    assert (job.request_id, job.workload, job.backend) == ("req", "lab", "folder")


def test_a_completed_job_gives_its_receipt_and_is_not_submitted_again(submit, ledger, backend):
    receipt = submit()
    ledger.advance("key", ledger.job("key").version, "completed", result_ref="r")
    assert submit() == receipt
    assert backend.submissions() == ["key"]


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_after_any_step_never_pays_twice(in_process, ledger, backend, step):
    assert in_process("submit", step) == (-9, "")
    assert in_process("submit") == (0, "job-0")
    assert backend.submissions() == ["key"]
    assert ledger.job("key").state == "submitted"


@pytest.mark.integration
def test_crashes_after_every_step_in_turn_never_pay_twice(in_process, ledger, backend):
    for step in STEPS:
        in_process("submit", step)
    assert in_process("submit") == (0, "job-0")
    assert backend.submissions() == ["key"]


@pytest.mark.integration
def test_processes_that_race_for_a_key_pay_once(in_process, backend):
    processes = [in_process.start("submit") for _ in range(4)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [output for output, _ in outputs] == ["job-0"] * 4, outputs
    assert backend.submissions() == ["key"]


def test_a_lost_reply_is_looked_up_and_not_repeated(submit, ledger, backend):
    backend.trouble("lose_reply", "ambiguous", "504 after accept")
    with pytest.raises(BackendError, match="504"):
        submit()
    job = ledger.job("key")
    assert (job.state, job.error_class) == ("intent", "ambiguous")
    assert submit().provider_job_id == "job-0"
    assert backend.submissions() == ["key"]
    assert ledger.job("key").diagnosis is None


def test_where_the_provider_cannot_tell_the_job_is_parked_and_stays_so(submit, ledger, backend):
    backend.trouble("lose_reply", "ambiguous")
    backend.trouble("find", "CannotTell", "no list")
    with pytest.raises(BackendError, match="trouble"):
        submit()
    for _ in range(2):
        with pytest.raises(BackendError, match="parked") as caught:
            submit()
        assert caught.value.error_class == "ambiguous"
    assert ledger.job("key").state == "parked"
    assert backend.submissions() == ["key"]


def test_an_intent_of_which_nothing_left_needs_no_look_up(in_process, backend, submit, ledger):
    backend.trouble("find", "CannotTell", "no list")
    in_process("submit", "intended")
    assert submit().provider_job_id == "job-0"
    assert backend.submissions() == ["key"]


def test_a_look_up_that_fails_submits_nothing(in_process, submit, backend, ledger):
    in_process("submit", "accepted")
    backend.trouble("find", "offline", "maintenance")
    with pytest.raises(BackendError, match="maintenance"):
        submit()
    assert ledger.job("key").state == "intent"
    backend.trouble("find", None)
    assert submit().provider_job_id == "job-0"
    assert backend.submissions() == ["key"]


@pytest.mark.parametrize("error_class", ["structural", "data", "policy"])
def test_a_refusal_for_good_fails_the_job(submit, ledger, backend, error_class):
    backend.trouble("refuse", error_class, "30 qubits wanted")
    with pytest.raises(BackendError, match="30 qubits"):
        submit()
    job = ledger.job("key")
    assert (job.state, job.error_class, job.diagnosis) == (
        "failed",
        error_class,
        "30 qubits wanted",
    )
    backend.trouble("refuse", None)
    with pytest.raises(BackendError, match="raise the generation") as caught:
        submit()
    assert caught.value.error_class == error_class
    assert backend.submissions() == []


@pytest.mark.parametrize("error_class", ["authentication", "quota", "offline", "transient"])
def test_a_refusal_for_now_leaves_the_intent_open(submit, ledger, backend, error_class):
    backend.trouble("refuse", error_class, "not now")
    with pytest.raises(BackendError, match="not now"):
        submit()
    job = ledger.job("key")
    assert (job.state, job.error_class, job.attempt) == ("intent", error_class, 1)
    backend.trouble("refuse", None)
    submit()
    job = ledger.job("key")
    assert (job.state, job.error_class, job.attempt) == ("submitted", None, 2)


def test_a_key_of_another_payload_is_refused_before_anything_leaves(
    submit, ledger, backend, request_of_test, payload_ref
):
    submit()
    other = request_of_test.model_copy(update={"seed_simulator": 2})
    with pytest.raises(LedgerConflict):
        submit_job(ledger, backend, other, "key", payload_ref)
    assert backend.submissions() == ["key"]


def test_the_look_up_begins_before_the_intent_even_if_clocks_disagree(in_process, submit, backend):
    in_process("submit", "accepted")
    seen = []
    find = backend.find
    backend.find = lambda key, since: seen.append(since) or find(key, since)
    early = datetime(2020, 1, 1, tzinfo=UTC)
    submit(clock=lambda: early)
    assert seen[0] < early


def test_a_key_differs_by_environment_workload_payload_and_generation():
    keys = {
        idempotency_key(environment, workload, fingerprint, generation)
        for environment in ("dev", "production")
        for workload in ("lab", "other")
        for fingerprint in ("a", "b")
        for generation in (0, 1)
    }
    assert len(keys) == 16
    assert idempotency_key("dev", "lab", "a") == idempotency_key("dev", "lab", "a", 0)
    assert {len(key) for key in keys} == {64}


def test_the_open_generation_is_the_first_that_has_not_failed(
    ledger, backend, request_of_test, payload_ref
):
    fingerprint = request_of_test.fingerprint()
    assert open_generation(ledger, "dev", "lab", fingerprint) == 0
    key = idempotency_key("dev", "lab", fingerprint, 0)
    submit_job(ledger, backend, request_of_test, key, payload_ref)
    assert open_generation(ledger, "dev", "lab", fingerprint) == 0
    ledger.advance(key, ledger.job(key).version, "failed")
    assert open_generation(ledger, "dev", "lab", fingerprint) == 1
