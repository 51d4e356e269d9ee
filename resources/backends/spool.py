"""A durable queue on the local disk for simulators that live in this process and die with it.

One folder per backend; per key a request, a lock and one ending (response, failure, cancelled),
each a small file. Exactly one live process executes a key: it holds an flock on the lock file,
which the kernel releases when the process dies. Simulators are deterministic and free, so whoever asks
for the state of an orphaned job simply executes it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import tempfile
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from pydantic import ValidationError

from resources.backends.contract import BackendError, Canonical, ErrorClass, ExecutionRequest
from resources.backends.worker import WORKER, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resources.backends.contract import ProviderStatus

_LONGEST_NAME = 200  # file systems allow 255 bytes; the endings need some
_log = logging.getLogger(__name__)


class Cancelled(Exception):  # noqa: N818 - it is an ending, not an error
    """The caller asked for cancellation while the job ran."""


class Executor(Protocol):
    """What a spool calls to execute a request; returns the reference of the stored response."""

    def __call__(self, request: ExecutionRequest, check: Callable[[], None]) -> str:
        """Execute; call `check` between parts, it raises when the work must end early."""
        ...


class Entry(Canonical):
    """What stands in `<key>.request.json`."""

    key: str
    fingerprint: str
    submitted_at: str
    request: ExecutionRequest


class Ending(Canonical):
    """What stands in the file that ends a job."""

    key: str
    response_ref: str | None = None
    error_class: ErrorClass | None = None
    message: str | None = None


class Spool:
    """The queue of one backend.

    Args:
        folder: Its own folder on a local file system.
        execute: Executes a request and returns the reference of the durably stored response.
    """

    def __init__(self, folder: Path, execute: Executor) -> None:
        self.folder = folder
        self._execute = execute
        self._unwritten: dict[str, Ending] = {}

    def submit(self, request: ExecutionRequest, key: str) -> Entry:
        """Accept a request once; the same key and fingerprint return the entry already there.

        Raises:
            BackendError: `structural` for a key used with another fingerprint or longer than a file
                name, `transient` where the folder cannot be written.
        """
        entry = Entry(
            key=key,
            fingerprint=request.fingerprint(),
            submitted_at=datetime.now(UTC).isoformat(),
            request=request,
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            created = _create(self._path(key, "request"), entry.model_dump_json().encode())
        except OSError as error:
            msg = f"cannot write the queue {self.folder}: {error}. Free the disk and submit again."
            raise BackendError(error_class="transient", message=msg) from error
        if not created:
            entry = self._same(entry)
        self._forget_transient_failure(key)
        WORKER.enqueue((str(self.folder), key), lambda: self.run(key))
        return entry

    def find(self, key: str) -> Entry | None:
        """The entry of a key, or None, which is certain."""
        try:
            return Entry.model_validate_json(self._path(key, "request").read_bytes())
        except FileNotFoundError:
            return None

    def status(self, key: str) -> ProviderStatus:
        """State of a job; an orphaned one is taken up by this process."""
        try:
            ended = self._ended(key)
            if ended is not None:
                return ended
            if self.find(key) is None:
                return "unknown"
            with self._lock(key) as held:
                if not held:
                    return "running"
                # It may have ended between the two looks.
                ended = self._ended(key)
        except (OSError, ValidationError, BackendError):
            return "unknown"  # an unreadable queue says nothing about the job
        if ended is not None:
            return ended
        WORKER.enqueue((str(self.folder), key), lambda: self.run(key))
        return "queued"

    def ending(self, key: str) -> Ending | None:
        """How a job ended, or None while it has not."""
        for kind in ("response", "failure", "cancelled"):
            ending = _read(self._path(key, kind))
            if ending is not None:
                return ending
        return self._unwritten.get(key)

    def discard_response(self, key: str) -> None:
        """Forget a response whose stored bytes are gone, so that the job is executed again."""
        self._path(key, "response").unlink(missing_ok=True)

    def cancel(self, key: str) -> None:
        """Ask for cancellation: at once when nobody executes the job, else between its parts."""
        if self._ended(key) is not None or not self._path(key, "request").exists():
            return
        _create(self._path(key, "cancel"), b"{}")
        with self._lock(key) as held:
            if held and self._ended(key) is None:
                self._end(key, "cancelled", Ending(key=key))

    def run(self, key: str) -> None:
        """Execute a job unless it has ended or another process executes it."""
        with self._lock(key) as held:
            entry = self.find(key)
            if not held or entry is None or self._ended(key) is not None:
                return
            try:
                kind, ending = self._outcome(entry)
            except Interrupted:
                return  # the process ends; the next one takes the job up
            self._end(key, kind, ending)

    def _outcome(self, entry: Entry) -> tuple[str, Ending]:
        key = entry.key
        try:
            self._check(key)
            return "response", Ending(
                key=key, response_ref=self._execute(entry.request, lambda: self._check(key))
            )
        except Cancelled:
            return "cancelled", Ending(key=key)
        except Interrupted:
            raise
        except BackendError as error:
            return "failure", Ending(key=key, error_class=error.error_class, message=str(error))
        except OSError as error:
            return "failure", _diagnosed(key, "transient", error)
        except Exception as error:  # noqa: BLE001 - any failure must end the job with its diagnosis
            _log.exception("job %s failed", key)
            return "failure", _diagnosed(key, "failed", error)

    def _check(self, key: str) -> None:
        """Raise where a running job must end early."""
        WORKER.check()
        if self._path(key, "cancel").exists():
            raise Cancelled

    def _end(self, key: str, kind: str, ending: Ending) -> None:
        try:
            _replace(self._path(key, kind), ending.model_dump_json(exclude_none=True).encode())
        except OSError as error:
            # A full disk: this process remembers it, a later one executes again.
            self._unwritten[key] = _diagnosed(key, "transient", error)

    def _ended(self, key: str) -> ProviderStatus | None:
        ending = self.ending(key)
        if ending is None:
            return None
        if ending.response_ref is not None:
            return "completed"
        return "cancelled" if ending.error_class is None else "failed"

    def _same(self, entry: Entry) -> Entry:
        there = self.find(entry.key)
        if there is None or there.fingerprint == entry.fingerprint:
            return there or entry
        msg = (
            f"key {entry.key} was submitted with payload {there.fingerprint[:12]}, now with "
            f"{entry.fingerprint[:12]}. A key stands for one payload: derive a new key."
        )
        raise BackendError(error_class="structural", message=msg)

    def _forget_transient_failure(self, key: str) -> None:
        self._unwritten.pop(key, None)
        failure = _read(self._path(key, "failure"))
        if failure is not None and failure.error_class == "transient":
            self._path(key, "failure").unlink(missing_ok=True)

    def _path(self, key: str, kind: str) -> Path:
        name = quote(key, safe="")
        if not name or len(name) > _LONGEST_NAME:
            msg = f"the key has {len(name)} characters; give one of 1 to {_LONGEST_NAME}"
            raise BackendError(error_class="structural", message=msg)
        return self.folder / f"{name}.{kind}.json"

    @contextmanager
    def _lock(self, key: str) -> Iterator[bool]:
        """Try to hold a job's lock; yields whether this call holds it."""
        with self._path(key, "lock").open("ab") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True


def _diagnosed(key: str, error_class: ErrorClass, error: Exception) -> Ending:
    return Ending(key=key, error_class=error_class, message=f"{type(error).__name__}: {error}")


def _read(path: Path) -> Ending | None:
    """An ending that was written whole, else None."""
    try:
        return Ending.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError, json.JSONDecodeError):
        return None


def _staged(path: Path, data: bytes) -> str:
    """Write bytes durably beside their place and return the temporary name."""
    handle, staged = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        with suppress(OSError):
            Path(staged).unlink()
        raise
    return staged


def _create(path: Path, data: bytes) -> bool:
    """Create a file whole and durably unless it exists; returns whether this call did."""
    staged = _staged(path, data)
    try:
        os.link(staged, path)
    except FileExistsError:
        return False
    finally:
        Path(staged).unlink()
    _sync_folder(path.parent)
    return True


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole and durably, in place of an earlier one."""
    Path(_staged(path, data)).replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle: Any = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
