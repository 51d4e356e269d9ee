"""The one background thread of this process that executes jobs of local simulators in turn."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    _Item = tuple[tuple[str, str], Callable[[], None]]

_PATIENCE_SECONDS = 10.0  # how long the end of the process waits for the part in execution
_log = logging.getLogger(__name__)


class Interrupted(Exception):  # noqa: N818 - it is an ending, not an error
    """The process is ending; the job stays in its queue for the next one."""


class Worker:
    """Executes functions one after the other; a name that waits already is not added twice."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: set[tuple[str, str]] = set()
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._stopping = threading.Event()

    def enqueue(self, name: tuple[str, str], work: Callable[[], None]) -> None:
        """Add work under a name, starting the thread if this process has none."""
        with self._guard:
            self._start()
            if name in self._waiting:
                return
            self._waiting.add(name)
            self._queue.put((name, work))

    def check(self) -> None:
        """Raise where the process is ending.

        Raises:
            Interrupted: The work must stop and leave its job in the queue.
        """
        if self._stopping.is_set():
            raise Interrupted

    def stop(self) -> None:
        """Ask the work in execution to stop at its next part and wait for it."""
        self._stopping.set()
        self._queue.put(None)
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(_PATIENCE_SECONDS)

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive() and self._pid == os.getpid():
            return
        if self._pid != os.getpid():
            # A forked child has no thread of its parent's; what waited there is not its work.
            self._waiting.clear()
            self._queue = queue.SimpleQueue()
            atexit.register(self.stop)
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._loop, name="local-simulators", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            item = self._queue.get()
            if item is None:
                return
            name, work = item
            with self._guard:
                self._waiting.discard(name)
            try:
                work()
            except Exception:  # noqa: BLE001 - the thread must survive to execute the other jobs
                _log.exception("the work %s of a local simulator ended abnormally", name)


WORKER = Worker()
