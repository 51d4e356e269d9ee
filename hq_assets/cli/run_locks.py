"""Which runs of this installation still have a process: a lock per run, which dies with its process.

A process that is killed leaves its run as started for ever: its checks would count as under way, and its
place in a pool as taken. Dagster's monitoring sees only runs that the daemon launched.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import dagster as dg

from resources.home import hq_home

SUFFIX = ".lock"


@contextmanager
def running(run_id: str) -> Iterator[None]:
    """Hold the run's lock while it executes in this process."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run_id}{SUFFIX}"
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        path.unlink(missing_ok=True)


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report the runs whose process died as failed and free their places; returns their ids."""
    ended = []
    for path in sorted(_folder().glob(f"*{SUFFIX}")):
        with _opened(path) as file:
            # A run that ended well removed its file a moment ago.
            if file is None:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            run = instance.get_run_by_id(path.name.removesuffix(SUFFIX))
            # Without a run its process may have made the file a moment ago.
            if run is None:
                continue
            if not run.is_finished:
                instance.report_run_failed(run, "The process of this run ended before the run did.")
                ended.append(run.run_id)
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            path.unlink(missing_ok=True)
    return ended


@contextmanager
def _opened(path: Path) -> Iterator[TextIO | None]:
    """The file, or None if it is gone."""
    try:
        file = path.open("r", encoding="utf-8")
    except FileNotFoundError:
        yield None
        return
    with file:
        yield file


def _folder() -> Path:
    return hq_home() / "runs"
