"""Collection: the response is kept before the job is completed, and no doubt becomes a failure."""

import shutil
import time

import pytest

from resources.backends.contract import BackendError
from resources.control.collection import Deadline, collect_job, load_result
from resources.control.submission import receipt_of, submit_job
from resources.ledger.errors import UnknownJob
from resources.store.errors import CorruptArtifact, MissingEntry


@pytest.fixture
def job(ledger, backend, request_of_test, payload_ref):
    submit_job(ledger, backend, request_of_test, "key", payload_ref)
    return ledger.job("key")


@pytest.fixture
def collect(ledger, backend, store):
    def call(**changes):
        return collect_job(ledger, backend, store, "key", **changes)

    return call


def test_a_completed_job_has_its_outcomes_and_head_in_the_store(job, collect, store):
    done = collect()
    assert done.state == "completed"
    outcomes, head = load_result(store, done)
    assert outcomes.collect()["count"].to_list() == [48, 52]
    assert head["pubs"][0]["shots_returned"] == 100
    assert head["seconds"] == {"execution": 0.5}
    assert (head["cost_items"], head["metadata"]) == ([], {"provider": "folder"})
    assert head["raw_response_ref"] == done.raw_response_ref
    assert b"job-0" in store.get_blob(head["raw_response_ref"])
    assert collect() == done


@pytest.mark.integration
@pytest.mark.parametrize("step", ["outcomes stored", "response stored", "completed"])
def test_a_crash_after_any_step_is_made_good(
    job, in_process, collect, store, ledger, backend, step
):
    assert in_process("collect", step) == (-9, "")
    known = ledger.job("key")
    assert known.state == ("completed" if step == "completed" else "submitted")
    assert in_process("collect") == (0, "completed")
    outcomes, _ = load_result(store, ledger.job("key"))
    assert outcomes.collect().height == 2
    assert backend.submissions() == ["key"]


def test_the_response_is_kept_before_the_job_is_completed(job, collect, ledger, store):
    states = []

    def look(step):
        states.append((step, ledger.job("key").state))

    collect(checkpoint=look)
    assert states == [
        ("outcomes stored", "submitted"),
        ("response stored", "submitted"),
        ("completed", "completed"),
    ]


@pytest.mark.parametrize("state", ["queued", "running", "unknown"])
def test_a_living_job_is_recorded_and_left_alone(job, collect, backend, state):
    backend.state(state)
    found = collect()
    assert (found.state, found.settled) == (state, False)
    assert collect().version == found.version
    backend.state("completed")
    assert collect().state == "completed"


def test_only_an_inline_backend_is_waited_for(job, collect, backend, tmp_path):
    backend.state("running")
    slept = []
    assert collect(wait=Deadline(60), sleep=slept.append).state == "running"
    assert slept == []
    (tmp_path / "inline").touch()

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 12:
            backend.state("completed")

    wait = Deadline(60, first_interval=0.01, longest_interval=0.2, growth=2)
    assert collect(wait=wait, sleep=sleep).state == "completed"
    assert slept[:6] == [0.01, 0.02, 0.04, 0.08, 0.16, 0.2]
    assert max(slept) == 0.2


def test_a_job_alive_at_the_deadline_lives_on(job, collect, backend, tmp_path):
    (tmp_path / "inline").touch()
    backend.state("running")
    assert collect(wait=Deadline(0.05)).state == "running"
    backend.state("completed")
    assert collect(wait=Deadline(5)).state == "completed"


def test_a_failure_is_recorded_with_its_reason(job, collect, backend, store):
    backend.state("failed")
    backend.trouble("result", "failed", "qubit 3 is faulty")
    done = collect()
    assert (done.state, done.error_class, done.diagnosis) == (
        "failed",
        "failed",
        "qubit 3 is faulty",
    )
    with pytest.raises(BackendError, match="is failed"):
        load_result(store, done)


def test_a_failure_without_a_reason_is_still_a_failure(job, collect, backend):
    backend.state("failed")
    done = collect()
    assert (done.state, done.error_class) == ("failed", "failed")
    assert "without a reason" in str(done.diagnosis)


@pytest.mark.parametrize(
    ("error_class", "state"),
    [("failed", "failed"), ("ran_too_long", "failed"), ("cancelled", "cancelled")],
)
def test_a_status_call_that_raises_an_ending_settles_the_job(
    job, collect, backend, error_class, state
):
    backend.trouble("status", error_class, "ended")
    assert (collect().state, collect().error_class) == (state, error_class)


def test_a_cancelled_job_is_cancelled(job, collect, backend):
    backend.state("cancelled")
    assert collect().state == "cancelled"


@pytest.mark.parametrize("method", ["status", "result"])
@pytest.mark.parametrize(
    "error_class", ["transient", "offline", "timeout", "not_found_yet", "unknown"]
)
def test_a_provider_that_does_not_answer_settles_nothing(
    job, collect, backend, method, error_class
):
    backend.trouble(method, error_class, "no answer")
    found = collect()
    assert (found.state, found.error_class) == ("submitted", error_class)
    assert collect().version == found.version
    backend.trouble(method, None)
    done = collect()
    assert (done.state, done.error_class) == ("completed", None)
    assert backend.submissions() == ["key"]


@pytest.mark.parametrize("error_class", ["authentication", "data", "structural"])
def test_a_paid_result_that_cannot_be_read_now_is_told_and_not_thrown_away(
    job, collect, backend, error_class, ledger
):
    backend.trouble("result", error_class, "cannot decode")
    with pytest.raises(BackendError, match="cannot decode"):
        collect()
    assert (ledger.job("key").state, ledger.job("key").error_class) == ("submitted", error_class)
    backend.trouble("result", None)
    assert collect().state == "completed"


def test_a_raw_response_that_was_not_stored_completes_nothing(job, collect, backend, store, ledger):
    class Forgetful:
        put_blob = staticmethod(lambda _, suffix: f"{'0' * 64}.{suffix}")

    backend.blobs = Forgetful()
    with pytest.raises(BackendError, match="not in the store"):
        collect()
    assert ledger.job("key").state == "submitted"


def test_an_intent_and_an_absent_job_are_not_asked_for(
    collect, ledger, request_of_test, payload_ref
):
    with pytest.raises(UnknownJob):
        collect()
    ledger.intend(
        idempotency_key="key",
        payload_fingerprint=request_of_test.fingerprint(),
        workload="lab",
        backend="folder",
        payload_ref=payload_ref,
    )
    assert collect().state == "intent"


def test_a_simulator_that_lost_the_job_gets_it_again(job, collect, backend, tmp_path, ledger):
    (tmp_path / "inline").touch()
    (tmp_path / "submissions").unlink()
    assert collect(wait=Deadline(5)).state == "completed"
    assert backend.submissions() == ["key"]
    assert ledger.job("key").attempt == 2


def test_a_simulator_that_failed_for_a_passing_reason_gets_the_job_again(
    job, collect, backend, tmp_path
):
    (tmp_path / "inline").touch()
    backend.state("failed")
    backend.trouble("result", "transient", "disk full")
    found = collect(wait=Deadline(60))
    assert (found.state, found.error_class, found.diagnosis) == (
        "submitted",
        "transient",
        "disk full",
    )
    backend.trouble("result", None)
    backend.state("completed")
    assert collect(wait=Deadline(5)).state == "completed"
    assert len(backend.submissions()) == 2


def test_a_provider_never_gets_a_job_again_from_collection(job, collect, backend):
    backend.trouble("status", "transient", "disk full")
    collect()
    collect()
    assert backend.submissions() == ["key"]


@pytest.mark.parametrize("lost", ["head", "outcomes"])
def test_a_response_that_the_store_lost_is_fetched_again(job, collect, store, lost):
    done = collect()
    _, head = load_result(store, done)
    ref = done.result_ref if lost == "head" else head["outcomes"]["ref"]
    store.blob_path(ref).unlink()
    with pytest.raises(MissingEntry):
        load_result(store, done)
    outcomes, _ = load_result(store, collect())
    assert outcomes.collect().height == 2


def test_a_blob_that_is_no_head_is_told(job, collect, store, ledger):
    done = collect()
    other = store.put_manifest({"no": "head"})
    moved = ledger.advance("key", done.version, "completed", result_ref=other)
    with pytest.raises(CorruptArtifact, match="no response head"):
        load_result(store, moved)


def test_two_collectors_at_once_agree(job, collect, backend, ledger, store):
    asked = backend.status

    def status(receipt):
        # Another process completes the job between the question and the record.
        backend.status = asked
        collect()
        return asked(receipt)

    backend.status = status
    assert collect().state == "completed"
    assert ledger.job("key").version == job.version + 1


@pytest.fixture
def aer(store, tmp_path):
    from resources.backends.contract import BackendPlace
    from resources.backends.registry import build_backend, settings_from

    place = BackendPlace(blobs=store, spool=tmp_path / "spool")
    return build_backend("ideal", settings_from({"kind": "ideal_aer"}), place)


@pytest.fixture
def aer_job(aer, store, ledger):
    """A Bell circuit on the real simulator, submitted and not collected."""
    from qiskit import QuantumCircuit

    from resources.backends.contract import ExecutionRequest, Pub
    from resources.backends.payloads import put_circuit

    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    pub = Pub(
        circuit_id="bell",
        seed=0,
        circuit_ref=put_circuit(store, circuit),
        compiled_fingerprint="c",
        num_parameters=0,
        rows=1,
        shots=1000,
    )
    request = ExecutionRequest(
        workload="lab",
        backend="ideal",
        target_fingerprint=aer.target_fingerprint(),
        method="sampled",
        seed_simulator=7,
        pubs=(pub,),
    )
    payload_ref = store.put_blob(request.model_dump_json().encode(), "json")
    submit_job(ledger, aer, request, "key", payload_ref)
    return request


def counts_of(store, job):
    outcomes, _ = load_result(store, job)
    return {row["bitstring"]: row["count"] for row in outcomes.collect().iter_rows(named=True)}


def test_a_simulator_is_collected_in_the_same_run_with_all_shots(aer_job, aer, ledger, store):
    done = collect_job(ledger, aer, store, "key", wait=Deadline(60))
    assert done.state == "completed"
    counts = counts_of(store, done)
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1000


def test_a_simulators_lost_response_is_computed_again_with_the_same_counts(
    aer_job, aer, ledger, store
):
    done = collect_job(ledger, aer, store, "key", wait=Deadline(60))
    before = counts_of(store, done)
    _, head = load_result(store, done)
    for ref in (done.raw_response_ref, done.result_ref, head["outcomes"]["ref"]):
        store.blob_path(ref).unlink()
    again = collect_job(ledger, aer, store, "key", wait=Deadline(60))
    assert counts_of(store, again) == before


def test_a_simulators_lost_queue_is_filled_again_from_the_payload(
    aer_job, aer, ledger, store, tmp_path
):
    until = time.monotonic() + 60
    while aer.status(receipt_of(ledger.job("key"))) != "completed":
        assert time.monotonic() < until
        time.sleep(0.01)
    shutil.rmtree(tmp_path / "spool")
    done = collect_job(ledger, aer, store, "key", wait=Deadline(60))
    assert sum(counts_of(store, done).values()) == 1000
