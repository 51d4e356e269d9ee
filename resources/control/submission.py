"""Submission: intent first, then at most one job at the provider per key, whatever dies."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast, get_args

from resources.backends.contract import BackendError, CannotTell, ErrorClass, Receipt
from resources.clock import Clock, utc_now
from resources.control.checkpoints import Checkpoint, pass_by

if TYPE_CHECKING:
    from resources.backends.contract import Backend, ExecutionRequest
    from resources.ledger.jobs import Job, JobLedger

REFUSALS = frozenset({"structural", "data", "policy"})
"""Classes of a refusal that no repetition can change; after any other the intent stays open."""

CLOCK_SKEW = timedelta(minutes=10)
"""How far the provider's clock may be behind ours when a job is looked up by its time."""

LONGEST_DIAGNOSIS = 2000


def idempotency_key(
    environment: str, workload: str, payload_fingerprint: str, generation: int = 0
) -> str:
    """Our name of a job: 64 hex digits, the same for the same work in the same environment.

    Args:
        environment: development, staging or production: they never share a paid job.
        workload: The workload that asks.
        payload_fingerprint: Fingerprint of the request.
        generation: Raised to pay for the same work once more, after a failure or for a repetition.
    """
    body = json.dumps([environment, workload, payload_fingerprint, generation])
    return hashlib.sha256(body.encode()).hexdigest()


def open_generation(
    ledger: JobLedger, environment: str, workload: str, payload_fingerprint: str
) -> int:
    """The lowest generation whose job has neither failed nor been cancelled."""
    generation = 0
    while True:
        key = idempotency_key(environment, workload, payload_fingerprint, generation)
        job = ledger.find(key)
        if job is None or job.state not in {"failed", "cancelled"}:
            return generation
        generation += 1


def submit_job(
    ledger: JobLedger,
    backend: Backend,
    request: ExecutionRequest,
    key: str,
    payload_ref: str,
    request_id: str | None = None,
    clock: Clock = utc_now,
    checkpoint: Checkpoint = pass_by,
) -> Receipt:
    """Submit a request under its key, or return the receipt of the job that the key already has.

    The job is written down before anything leaves. After a crash the provider is asked for the key
    first; where it cannot tell, the job is parked for a person and never sent twice. Of several
    processes that submit one key at once, one does and the others wait for its receipt.

    Raises:
        BackendError: The provider refused, the job is parked, failed or cancelled, or nobody knows
            whether it was accepted; the ledger holds the diagnosis.
        LedgerConflict: The key belongs to another payload.
    """
    job = ledger.intend(
        idempotency_key=key,
        payload_fingerprint=request.fingerprint(),
        workload=request.workload,
        backend=request.backend,
        payload_ref=payload_ref,
        request_id=request_id,
    )
    checkpoint("intended")
    if job.state == "intent":
        with ledger.hold(key):
            job = ledger.job(key)
            if job.state == "intent":
                job = _send(ledger, backend, request, job, clock, checkpoint)
    return receipt_of(job)


def receipt_of(job: Job) -> Receipt:
    """The receipt of a job that is at its provider, or was completed there.

    Raises:
        BackendError: The job is not there: an open intent, parked, failed or cancelled.
    """
    there = job.provider_job_id is not None and job.submitted_at is not None
    if there and job.state not in {"failed", "cancelled"}:
        return Receipt(
            idempotency_key=job.idempotency_key,
            backend=job.backend,
            provider_job_id=str(job.provider_job_id),
            submitted_at=str(job.submitted_at),
        )
    name, reason = job.idempotency_key[:12], job.diagnosis or "no diagnosis was given"
    if job.state == "parked":
        msg = (
            f"Nobody can tell whether {job.backend} has job {name} ({reason}), so it is parked. "
            "Look at the provider's own list and record what is true there."
        )
        raise BackendError(error_class="ambiguous", message=msg)
    if job.settled:
        msg = (
            f"Job {name} on {job.backend} was {job.state}: {reason}. "
            "Remove the cause and raise the generation of its key to try again."
        )
        raise BackendError(error_class=error_class_of(job), message=msg)
    msg = f"Job {name} has not been submitted to {job.backend} ({reason}). Submit it first."
    raise BackendError(error_class="not_found_yet", message=msg)


def error_class_of(job: Job) -> ErrorClass:
    """The canonical class of a job's last error."""
    if job.error_class in get_args(ErrorClass):
        return cast("ErrorClass", job.error_class)
    return "cancelled" if job.state == "cancelled" else "failed"


def _send(
    ledger: JobLedger,
    backend: Backend,
    request: ExecutionRequest,
    job: Job,
    clock: Clock,
    checkpoint: Checkpoint,
) -> Job:
    """Bring an open intent to the provider; the caller holds the only right to the key."""
    key = job.idempotency_key
    if job.attempt > 0:
        # An earlier attempt may have arrived. Without one, nothing has ever left.
        receipt = _found(ledger, backend, job, clock)
        if receipt is not None:
            return _record(ledger, job, receipt, checkpoint)
    job = ledger.advance(
        key, job.version, "intent", attempt=job.attempt + 1, error_class=None, diagnosis=None
    )
    checkpoint("announced")
    try:
        receipt = backend.submit(request, key)
    except BackendError as error:
        state = "failed" if error.error_class in REFUSALS else "intent"
        diagnosis = str(error)[:LONGEST_DIAGNOSIS]
        ledger.advance(key, job.version, state, error_class=error.error_class, diagnosis=diagnosis)
        raise
    checkpoint("accepted")
    return _record(ledger, job, receipt, checkpoint)


def _found(ledger: JobLedger, backend: Backend, job: Job, clock: Clock) -> Receipt | None:
    """Look an earlier attempt up at the provider.

    Raises:
        BackendError: The provider cannot tell; the job is parked.
    """
    since = min(datetime.fromisoformat(job.created_at), clock()) - CLOCK_SKEW
    try:
        return backend.find(job.idempotency_key, since)
    except CannotTell as error:
        diagnosis = str(error) or f"{backend.name} can neither deduplicate nor list jobs"
        parked = ledger.advance(
            job.idempotency_key,
            job.version,
            "parked",
            error_class="ambiguous",
            diagnosis=diagnosis[:LONGEST_DIAGNOSIS],
        )
        receipt_of(parked)
        raise


def _record(ledger: JobLedger, job: Job, receipt: Receipt, checkpoint: Checkpoint) -> Job:
    if receipt.idempotency_key != job.idempotency_key:
        msg = (
            f"{job.backend} answered for key {receipt.idempotency_key}, not {job.idempotency_key}. "
            "The adapter mixes jobs up: correct it before anything else is submitted."
        )
        raise BackendError(error_class="unknown", message=msg)
    job = ledger.advance(
        job.idempotency_key,
        job.version,
        "submitted",
        provider_job_id=receipt.provider_job_id,
        submitted_at=receipt.submitted_at,
        error_class=None,
        diagnosis=None,
    )
    checkpoint("recorded")
    return job
