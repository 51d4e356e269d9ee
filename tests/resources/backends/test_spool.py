"""The durable queue: one execution per key, whatever dies, fails or fills up."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.backends.contract import BackendError, ExecutionRequest, Pub
from resources.backends.spool import Spool

REQUEST = ExecutionRequest(
    workload="w",
    backend="b",
    target_fingerprint="0" * 64,
    method="sampled",
    seed_simulator=1,
    pubs=(
        Pub(
            circuit_id="c",
            seed=0,
            circuit_ref="r",
            compiled_fingerprint="f",
            num_parameters=0,
            rows=1,
            shots=1,
        ),
    ),
)


def _ended(spool, key, deadline_seconds=30.0):
    """Poll until a job has ended and return its state."""
    deadline = time.monotonic() + deadline_seconds
    while (state := spool.status(key)) in {"queued", "running"}:
        assert time.monotonic() < deadline, state
        time.sleep(0.005)
    return state


class Recording:
    """An executor that notes each execution and then does what it is told."""

    def __init__(self, action=None):
        self.action = action
        self.times = 0

    def __call__(self, request, check):
        assert request == REQUEST
        self.times += 1
        if self.action is not None:
            self.action(check)
        return "0" * 64 + ".json"


def test_a_request_is_executed_once_and_its_response_kept(tmp_path):
    execute = Recording()
    spool = Spool(tmp_path, execute)
    spool.submit(REQUEST, "a key/with: signs")
    assert _ended(spool, "a key/with: signs") == "completed"
    spool.submit(REQUEST, "a key/with: signs")
    assert _ended(spool, "a key/with: signs") == "completed"
    assert execute.times == 1
    assert spool.ending("a key/with: signs").response_ref == "0" * 64 + ".json"


def test_a_structural_failure_is_final(tmp_path):
    reason = "too wide; choose another"

    def refuse(check):
        raise BackendError(error_class="structural", message=reason)

    execute = Recording(refuse)
    spool = Spool(tmp_path, execute)
    spool.submit(REQUEST, "key")
    assert _ended(spool, "key") == "failed"
    spool.submit(REQUEST, "key")
    assert _ended(Spool(tmp_path, execute), "key") == "failed"
    assert execute.times == 1
    ending = spool.ending("key")
    assert (ending.error_class, ending.message) == ("structural", reason)


def test_running_out_of_memory_is_a_failure_with_its_diagnosis(tmp_path):
    def exhaust(check):
        bytearray(1 << 62)

    spool = Spool(tmp_path, Recording(exhaust))
    spool.submit(REQUEST, "key")
    assert _ended(spool, "key") == "failed"
    assert spool.ending("key").error_class == "failed"
    assert spool.ending("key").message.startswith("MemoryError")


def test_a_full_disk_is_a_transient_failure_and_the_next_submission_tries_again(tmp_path):
    full = [Path("/dev/full")]

    def write(check):
        if full:
            full[0].write_bytes(b"x")

    spool = Spool(tmp_path, Recording(write))
    spool.submit(REQUEST, "key")
    assert _ended(spool, "key") == "failed"
    assert spool.ending("key").error_class == "transient"
    full.clear()
    spool.submit(REQUEST, "key")
    assert _ended(spool, "key") == "completed"


def test_a_queue_that_cannot_be_written_refuses_the_submission(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BackendError, match="submit again") as refused:
        Spool(tmp_path / "file" / "queue", Recording()).submit(REQUEST, "key")
    assert refused.value.error_class == "transient"


def test_a_key_too_long_for_a_file_name_is_refused(tmp_path):
    with pytest.raises(BackendError, match="201 characters"):
        Spool(tmp_path, Recording()).submit(REQUEST, "k" * 201)


def test_a_waiting_job_is_cancelled_before_it_starts(tmp_path):
    release = tmp_path / "release"

    def wait(check):
        while not release.exists():
            time.sleep(0.001)

    execute = Recording(wait)
    spool = Spool(tmp_path / "queue", execute)
    spool.submit(REQUEST, "first")
    spool.submit(REQUEST, "second")
    spool.cancel("second")
    assert spool.status("second") == "cancelled"
    release.touch()
    assert _ended(spool, "first") == "completed"
    assert spool.status("second") == "cancelled"
    assert execute.times == 1


def test_a_damaged_request_is_unknown_and_never_failed(tmp_path):
    spool = Spool(tmp_path, Recording())
    spool.submit(REQUEST, "key")
    _ended(spool, "key")
    for path in tmp_path.glob("*.response.json"):
        path.unlink()
    (tmp_path / "key.request.json").write_text('{"key": "ke')
    assert spool.status("key") == "unknown"


_COUNTING = """
import sys, time
from pathlib import Path
from resources.backends.contract import ExecutionRequest
from resources.backends.spool import Spool
folder, request = Path(sys.argv[1]), ExecutionRequest.model_validate_json(sys.argv[2])
def execute(request, check):
    with (folder / "executions").open("a") as log:
        log.write("x")
    time.sleep(0.2)
    return "0" * 64 + ".json"
spool = Spool(folder / "queue", execute)
print("ready", flush=True)
sys.stdin.readline()
for number in range(5):
    spool.submit(request, f"key{number}")
while any(spool.status(f"key{number}") != "completed" for number in range(5)):
    time.sleep(0.003)
"""


def test_processes_that_race_for_the_same_keys_execute_each_once(tmp_path):
    command = [sys.executable, "-c", _COUNTING, str(tmp_path), REQUEST.model_dump_json()]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.close()
    for racer in racers:
        assert racer.wait(timeout=60) == 0
        racer.stdout.close()
    assert (tmp_path / "executions").read_text() == "x" * 5


_LEAVING = """
import sys, time
from pathlib import Path
from resources.backends.contract import ExecutionRequest
from resources.backends.spool import Spool
from resources.backends.worker import Interrupted
folder, request = Path(sys.argv[1]), ExecutionRequest.model_validate_json(sys.argv[2])
def execute(request, check):
    while True:
        try:
            check()
        except Interrupted:
            print("interrupted", flush=True)
            raise
        time.sleep(0.01)
spool = Spool(folder, execute)
spool.submit(request, "key")
while spool.status("key") != "running":
    time.sleep(0.001)
"""


def test_a_process_that_ends_leaves_its_job_to_the_next_one(tmp_path):
    command = [sys.executable, "-c", _LEAVING, str(tmp_path), REQUEST.model_dump_json()]
    left = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    assert left.stdout == "interrupted\n"
    spool = Spool(tmp_path, Recording())
    assert spool.ending("key") is None
    assert spool.status("key") == "queued"
    assert _ended(spool, "key") == "completed"


def test_no_temporary_file_is_left_behind(tmp_path):
    spool = Spool(tmp_path, Recording())
    spool.submit(REQUEST, "key")
    spool.submit(REQUEST, "key")
    _ended(spool, "key")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["key.lock.json", "key.request.json", "key.response.json"]
