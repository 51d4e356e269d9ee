"""Jobs at backends: the record of what was meant, sent, answered; changed by compare-and-swap."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from resources.clock import Clock, as_text, utc_now
from resources.ledger.database import Database
from resources.ledger.errors import LedgerConflict, LedgerError, StaleJob, UnknownJob
from resources.ledger.schema import jobs_table
from resources.ledger.states import SETTLED, STATES, check_transition

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

DEADLINE_SECONDS = 30.0


@dataclass(frozen=True)
class Job:
    """One job as the ledger knew it when it was read.

    Attributes:
        idempotency_key: Our name of the job; unique.
        payload_fingerprint: Hash of the canonical request.
        state: One of `states.STATES`.
        version: Number of changes; an advance must name it.
        workload: The workload that asked.
        backend: Name of the backend.
        payload_ref: Blob of the request as JSON.
        attempt: Number of submissions tried.
        created_at: ISO 8601, UTC.
        updated_at: ISO 8601, UTC.
        provider_job_id: The provider's name of the job, once it has one.
        submitted_at: When the provider accepted it, as its receipt says.
        raw_response_ref: Blob of the response as the provider gave it.
        result_ref: Blob of the normalized response's head as JSON.
        request_id: The request that caused the job.
        error_class: Canonical class of the last error.
        diagnosis: The last error in words.
    """

    idempotency_key: str
    payload_fingerprint: str
    state: str
    version: int
    workload: str
    backend: str
    payload_ref: str
    attempt: int
    created_at: str
    updated_at: str
    provider_job_id: str | None = None
    submitted_at: str | None = None
    raw_response_ref: str | None = None
    result_ref: str | None = None
    request_id: str | None = None
    error_class: str | None = None
    diagnosis: str | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in SETTLED


_CHANGEABLE = frozenset(
    {
        "provider_job_id",
        "submitted_at",
        "raw_response_ref",
        "result_ref",
        "attempt",
        "error_class",
        "diagnosis",
    }
)


class JobLedger:
    """Durable record of every job, shared by all processes of an installation.

    Args:
        url: SQLAlchemy URL of a SQLite file.
        clock: Source of the moments written.
        deadline_seconds: How long a change may wait for other writers.
    """

    def __init__(
        self, url: str, clock: Clock = utc_now, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._database = Database(url, deadline_seconds)
        self._clock = clock

    def migrate(self) -> None:
        """Bring the schema to this version's; harmless when several processes do so at once."""
        self._database.migrate()

    def intend(
        self,
        *,
        idempotency_key: str,
        payload_fingerprint: str,
        workload: str,
        backend: str,
        payload_ref: str,
        request_id: str | None = None,
    ) -> Job:
        """Write down a job before anything leaves, or return the one already there.

        Raises:
            LedgerConflict: The key belongs to another payload.
        """
        now = as_text(self._clock())
        job = Job(
            idempotency_key=idempotency_key,
            payload_fingerprint=payload_fingerprint,
            state="intent",
            version=1,
            workload=workload,
            backend=backend,
            payload_ref=payload_ref,
            attempt=0,
            created_at=now,
            updated_at=now,
            request_id=request_id,
        )
        with self._database.writing() as connection:
            known = _find(connection, idempotency_key)
            if known is None:
                values = {field.name: getattr(job, field.name) for field in fields(Job)}
                connection.execute(jobs_table().insert().values(**values))
                return job
        if known.payload_fingerprint != payload_fingerprint:
            msg = (
                f"Key {idempotency_key} belongs to payload {known.payload_fingerprint}, not to "
                f"{payload_fingerprint}. Derive the key from the payload, or raise its generation."
            )
            raise LedgerConflict(msg)
        return known

    def advance(self, key: str, expected_version: int, to_state: str, **changes: Any) -> Job:
        """Move a job on and return it; of two processes that try at once exactly one does it.

        Args:
            key: The job.
            expected_version: Its version when it was read.
            to_state: Where it goes.
            changes: provider_job_id, submitted_at, raw_response_ref, result_ref, attempt,
                error_class, diagnosis.

        Raises:
            UnknownJob: No job has this key.
            StaleJob: The job has changed since it was read.
            IllegalTransition: The states' table has no such way.
            LedgerError: A field may not be changed.
        """
        wrong = sorted(set(changes) - _CHANGEABLE)
        if wrong:
            msg = (
                f"Fields {', '.join(wrong)} of a job never change. Change only "
                f"{', '.join(sorted(_CHANGEABLE))}."
            )
            raise LedgerError(msg)
        table = jobs_table()
        with self._database.writing() as connection:
            job = _find(connection, key)
            if job is None:
                raise _unknown(key)
            if job.version != expected_version:
                msg = (
                    f"Job {key} is at version {job.version} ({job.state}), not {expected_version}. "
                    "Read it again and decide anew."
                )
                raise StaleJob(msg)
            check_transition(key, job.state, to_state)
            values = {
                **changes,
                "state": to_state,
                "version": job.version + 1,
                "updated_at": as_text(self._clock()),
            }
            connection.execute(
                table.update()
                .where(table.c.idempotency_key == key, table.c.version == expected_version)
                .values(**values)
            )
            moved = _find(connection, key)
        if moved is None:
            raise _unknown(key)
        return moved

    def job(self, key: str) -> Job:
        """Return a job.

        Raises:
            UnknownJob: No job has this key.
        """
        job = self.find(key)
        if job is None:
            raise _unknown(key)
        return job

    def find(self, key: str) -> Job | None:
        """Return a job, or None."""
        with self._database.reading() as connection:
            return _find(connection, key)

    def jobs(self, state: str | None = None, workload: str | None = None) -> list[Job]:
        """Jobs by state and workload, oldest first.

        Raises:
            LedgerError: There is no such state.
        """
        from sqlalchemy import select

        if state is not None and state not in STATES:
            msg = f"{state!r} is no state of a job. Use one of {', '.join(STATES)}."
            raise LedgerError(msg)
        table = jobs_table()
        query = select(table).order_by(table.c.created_at, table.c.idempotency_key)
        if state is not None:
            query = query.where(table.c.state == state)
        if workload is not None:
            query = query.where(table.c.workload == workload)
        with self._database.reading() as connection:
            return [Job(**row) for row in connection.execute(query).mappings()]

    def hold(
        self, key: str, deadline_seconds: float = DEADLINE_SECONDS
    ) -> AbstractContextManager[None]:
        """The only right to submit a key; it ends with the block, or with the process."""
        return self._database.hold(key, deadline_seconds)


def _find(connection: Connection, key: str) -> Job | None:
    from sqlalchemy import select

    table = jobs_table()
    query = select(table).where(table.c.idempotency_key == key)
    row = connection.execute(query).mappings().first()
    return None if row is None else Job(**row)


def _unknown(key: str) -> UnknownJob:
    return UnknownJob(f"No job has the key {key}. Check the key, or the ledger's URL.")
