"""Kill -9 at any moment, two runs at once, a full disk: the next run completes, and with the same numbers."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hq_assets.stages.spec import STAGES

pytestmark = pytest.mark.integration

DEADLINE_SECONDS = 240
ROUNDS = int(os.environ.get("HQ_CHAOS_ROUNDS", "2"))
SEED = int(os.environ.get("HQ_CHAOS_SEED", "0"))


class Process:
    """One `hq run` of the small project in a process of its own."""

    def __init__(self, project, output: Path, **environment: str) -> None:
        self.output = output
        self.started = time.monotonic()
        driver = Path(__file__).with_name("drive.py")
        with output.open("w", encoding="utf-8") as file:
            self.popen = subprocess.Popen(
                [sys.executable, str(driver), str(project.root), "-", "sampled"],
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            )

    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def until(self, text: str) -> bool:
        """Wait until the process says something; False if it ended without."""
        while time.monotonic() - self.started < DEADLINE_SECONDS:
            ended = self.popen.poll() is not None
            if text in self.text():
                return True
            if ended:
                return False
            time.sleep(0.005)
        message = f"{DEADLINE_SECONDS} s passed without '{text}': {self.text()[-2000:]}"
        raise TimeoutError(message)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(timeout=30)

    def end(self) -> int:
        """Exit status of the process."""
        return self.popen.wait(timeout=DEADLINE_SECONDS)


@pytest.fixture
def start(project, tmp_path):
    """Starts processes; those that a failed test leaves are killed."""
    processes = []

    def _start(**environment):
        processes.append(Process(project, tmp_path / f"output{len(processes)}.txt", **environment))
        return processes[-1]

    yield _start
    for process in processes:
        if process.popen.poll() is None:
            process.kill()


def _whole(state, versions, undisturbed, jobs=1):
    """Assert what must hold after the run that follows a fault."""
    assert versions() == undisturbed
    assert state.verify() >= len(STAGES)
    assert state.unchecked() == []
    keys = [job.idempotency_key for job in state.jobs()]
    assert len(keys) == len(set(keys)) == jobs
    assert {job.state for job in state.jobs()} == {"completed"}


def test_a_kill_after_any_stage_is_made_good_by_the_next_run(start, state, versions, undisturbed):
    moments = ("cleaned_features", "job_receipts", "raw_counts", "decisions")
    for stage in moments:
        process = start()
        assert process.until(f"cancer_sample/{stage} "), process.text()
        process.kill()
        state.verify()
    process = start()
    assert process.end() == 0, process.text()
    _whole(state, versions, undisturbed)


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_kills_at_random_moments_leave_nothing_half_done(start, state, versions, undisturbed, turn):
    chance = random.Random(SEED + turn)  # noqa: S311 - moments, not secrets
    process = start()
    process.until("Run ")
    time.sleep(chance.uniform(0, 6))  # the moment of the kill is what is tested
    process.kill()
    state.verify()
    process = start()
    assert process.end() == 0, process.text()
    _whole(state, versions, undisturbed)


def test_two_runs_at_once_end_well_with_the_same_versions(start, state, versions, undisturbed):
    one, other = start(), start()
    assert one.end() == 0, one.text()
    assert other.end() == 0, other.text()
    _whole(state, versions, undisturbed)


def test_a_full_disk_is_said_and_the_next_run_completes(
    start, project, state, versions, undisturbed
):
    lines = project.data.read_text(encoding="utf-8").splitlines()
    wide = [f"{line},{'note' if n == 0 else 'x' * 100_000}" for n, line in enumerate(lines)]
    project.data.write_text("\n".join(wide) + "\n", encoding="utf-8")

    full = start(LARGEST_FILE_BYTES="3000000")

    assert full.end() == 1, full.text()
    assert "failed  cancer_sample__source" in full.text()
    assert "File too large" in full.text()
    assert state.store.versions("cancer_sample", "source") == []
    process = start()
    assert process.end() == 0, process.text()
    assert versions()["decisions"] == undisturbed["decisions"]
    assert state.verify() == len(STAGES)
    assert state.unchecked() == []
