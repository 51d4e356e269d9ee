"""Collection: poll a job, keep its response by reference, and only then call it completed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from resources.backends.contract import BackendError, CannotTell, ExecutionRequest
from resources.clock import Clock, utc_now
from resources.control.checkpoints import Checkpoint, pass_by
from resources.control.submission import CLOCK_SKEW, LONGEST_DIAGNOSIS, receipt_of
from resources.ledger.errors import StaleJob
from resources.store.artifact import TableEntry
from resources.store.errors import CorruptArtifact

if TYPE_CHECKING:
    import polars as pl

    from resources.backends.contract import Backend, ExecutionResult, ProviderStatus
    from resources.ledger.jobs import Job, JobLedger
    from resources.store.artifacts import ArtifactStore

HEAD_VERSION = "1.0"
"""Version of the response head that `result_ref` names."""

NO_NEWS = frozenset({"transient", "offline", "timeout", "not_found_yet", "unknown"})
"""Classes of an error while reading that say nothing about the job: it lives."""

ENDINGS = frozenset({"failed", "cancelled", "ran_too_long"})
"""Classes that settle a job whatever its status said."""


@dataclass(frozen=True)
class Deadline:
    """How long to wait for a job, and how often to look.

    Attributes:
        seconds: After these the caller goes on; the job lives.
        first_interval: Seconds before the second look.
        longest_interval: Seconds that the interval grows to.
        growth: Factor from one interval to the next.
    """

    seconds: float
    first_interval: float = 0.02
    longest_interval: float = 2.0
    growth: float = 1.5


def collect_job(
    ledger: JobLedger,
    backend: Backend,
    store: ArtifactStore,
    key: str,
    clock: Clock = utc_now,
    wait: Deadline | None = None,
    checkpoint: Checkpoint = pass_by,
    sleep: Callable[[float], None] = time.sleep,
) -> Job:
    """Bring the ledger up to date with the provider and return the job, settled or not.

    Without `wait` the provider is asked once. Waiting holds a run, so only an inline backend (a
    local simulator) is waited for; at any other one look is made. A job still alive at the
    deadline is returned as it is, never as failed, and a state that nobody knows stays unknown.

    Raises:
        UnknownJob: No job has this key.
        BackendError: The provider refuses to answer (authentication, quota, policy …).
    """
    collector = _Collector(ledger, backend, store, clock, checkpoint)
    patience = wait if wait is not None and backend.limits().inline else None
    until = time.monotonic() + (patience.seconds if patience else 0.0)
    interval = patience.first_interval if patience else 0.0
    restartable = True
    while True:
        job = collector.look(ledger.job(key), restartable)
        restartable = False
        if patience is None or collector.is_done(job):
            return job
        left = until - time.monotonic()
        if left <= 0 or job.error_class == "transient":
            return job
        sleep(min(interval, left))
        interval = min(interval * patience.growth, patience.longest_interval)


def load_result(store: ArtifactStore, job: Job) -> tuple[pl.LazyFrame, dict[str, Any]]:
    """Return a completed job's outcomes (columns of `ExecutionResult.outcomes`) and its head.

    The head holds pubs, seconds, cost_items, metadata, raw_response_ref and the outcomes' entry.

    Raises:
        BackendError: The job is not completed.
        MissingEntry: The store has lost the response.
    """
    if job.state != "completed" or job.result_ref is None:
        msg = f"Job {job.idempotency_key[:12]} is {job.state}. Collect it until it is completed."
        raise BackendError(error_class="not_found_yet", message=msg)
    head = store.get_manifest(job.result_ref)
    try:
        entry = TableEntry.model_validate(head["outcomes"])
    except (KeyError, ValidationError) as error:
        msg = f"Blob {job.result_ref} is no response head. Check which job the ledger gave it to."
        raise CorruptArtifact(msg) from error
    return store.scan_table(entry), head


class _Collector:
    """One look at a job: ask, keep, record."""

    def __init__(
        self,
        ledger: JobLedger,
        backend: Backend,
        store: ArtifactStore,
        clock: Clock,
        checkpoint: Checkpoint,
    ) -> None:
        self._ledger = ledger
        self._backend = backend
        self._store = store
        self._clock = clock
        self._checkpoint = checkpoint

    def look(self, job: Job, restartable: bool) -> Job:
        """Ask once and record the answer; if somebody else was quicker, theirs counts."""
        if self.is_done(job):
            return job
        try:
            if restartable:
                job = self._restarted(job)
            return self._asked(job)
        except StaleJob:
            return self._ledger.job(job.idempotency_key)

    def is_done(self, job: Job) -> bool:
        """Whether nothing is to be had from the provider, because it is kept or was never sent."""
        if job.state == "completed":
            return self._is_kept(job)
        return job.settled or job.state in {"intent", "parked"}

    def _asked(self, job: Job) -> Job:
        receipt = receipt_of(job)
        status: ProviderStatus = "unknown"
        result = None
        try:
            status = self._backend.status(receipt)
            if status in {"completed", "failed"}:  # only the result says why a job failed
                result = self._backend.result(receipt)
        except BackendError as error:
            return self._answered(job, status, error)
        if status == "completed" and result is not None:
            return self._kept(job, result)
        if job.state == "completed":  # its response was lost here and is not there again yet
            return job
        reason = f"{self._backend.name} reports the job as {status} without a reason."
        if status in {"failed", "cancelled"}:
            return self._moved(job, status, error_class=status, diagnosis=reason)
        return self._moved(job, status)

    def _answered(self, job: Job, status: ProviderStatus, error: BackendError) -> Job:
        """What an error while reading means: an ending, no news, or a refusal to be raised.

        A completed job whose result cannot be read now is paid for: it stays, and is asked again.
        """
        name, diagnosis = error.error_class, str(error)[:LONGEST_DIAGNOSIS]
        silent = name in NO_NEWS
        ended = name in ENDINGS or (status == "failed" and not silent and name != "authentication")
        if ended and job.state != "completed":
            state = "cancelled" if name == "cancelled" else "failed"
            return self._moved(job, state, error_class=name, diagnosis=diagnosis)
        if (job.error_class, job.diagnosis) != (name, diagnosis):
            job = self._moved(job, job.state, error_class=name, diagnosis=diagnosis)
        if silent:
            return job
        raise error

    def _moved(self, job: Job, state: str, **changes: Any) -> Job:
        """Record a state; the same state again is written only with something new to say."""
        if state == job.state and not changes:
            return job
        if not changes:
            changes = {"error_class": None, "diagnosis": None}
            if state == "unknown":
                changes["diagnosis"] = f"{self._backend.name} gave no state that is known."
        return self._ledger.advance(job.idempotency_key, job.version, state, **changes)

    def _kept(self, job: Job, result: ExecutionResult) -> Job:
        """Store outcomes and head, then record the completion: the order is the promise."""
        if not self._store.has_blob(result.raw_response_ref):
            msg = (
                f"{self._backend.name} names the raw response {result.raw_response_ref}, not in "
                "the "
                "store. The adapter must store it before it returns the result."
            )
            raise BackendError(error_class="data", message=msg)
        outcomes = self._store.put_table(result.outcomes)
        self._checkpoint("outcomes stored")
        head = {
            "schema_version": HEAD_VERSION,
            "idempotency_key": job.idempotency_key,
            "backend": job.backend,
            "provider_job_id": job.provider_job_id,
            "outcomes": outcomes.model_dump(mode="json"),
            "pubs": [pub.model_dump(mode="json") for pub in result.pubs],
            "seconds": dict(result.seconds),
            "cost_items": [item.model_dump(mode="json") for item in result.cost_items],
            "metadata": dict(result.metadata),
            "raw_response_ref": result.raw_response_ref,
        }
        result_ref = self._store.put_manifest(head)
        self._checkpoint("response stored")
        job = self._moved(
            job,
            "completed",
            raw_response_ref=result.raw_response_ref,
            result_ref=result_ref,
            error_class=None,
            diagnosis=None,
        )
        self._checkpoint("completed")
        return job

    def _is_kept(self, job: Job) -> bool:
        """Whether the store still has what a completed job refers to."""
        if job.result_ref is None or not self._store.has_blob(job.result_ref):
            return False
        entry = self._store.get_manifest(job.result_ref)["outcomes"]
        return self._store.has_blob(entry["ref"])

    def _restarted(self, job: Job) -> Job:
        """Hand a local simulator's job over again, if it was lost or failed for a passing reason.

        This costs nothing and cannot make a second job, because the simulator's queue knows the
        key. A job at a provider is never submitted here.
        """
        if not self._backend.limits().inline or job.state == "completed":
            return job
        if job.error_class != "transient" and self._is_known(job):
            return job
        request = ExecutionRequest.model_validate_json(self._store.get_blob(job.payload_ref))
        try:
            self._backend.submit(request, job.idempotency_key)
        except BackendError as error:
            return self._answered(job, "unknown", error)
        return self._moved(
            job, job.state, attempt=job.attempt + 1, error_class=None, diagnosis=None
        )

    def _is_known(self, job: Job) -> bool:
        try:
            since = self._clock() - CLOCK_SKEW
            return self._backend.find(job.idempotency_key, since) is not None
        except (BackendError, CannotTell):
            return True
