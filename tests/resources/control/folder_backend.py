"""A provider whose whole memory is a folder, so that it survives the processes that talk to it.

Unlike the local simulators it deduplicates nothing: each submission is a new paid job, a line in
`submissions`. As a program it submits or collects one job and dies where it is told.
"""

import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from resources.backends.contract import (
    Backend,
    BackendError,
    CalibrationSnapshot,
    CannotTell,
    Estimate,
    ExecutionRequest,
    ExecutionResult,
    Limits,
    Pub,
    PubResult,
    Receipt,
)

REQUEST = ExecutionRequest(
    workload="lab",
    backend="folder",
    target_fingerprint="t" * 64,
    method="sampled",
    seed_simulator=1,
    pubs=(
        Pub(
            circuit_id="bell",
            seed=0,
            circuit_ref="0.qpy",
            compiled_fingerprint="c",
            num_parameters=0,
            rows=1,
            shots=100,
        ),
    ),
)


class FolderBackend(Backend):
    """A provider in a folder; a file of a method's name makes the method raise what it says."""

    name = "folder"

    def __init__(self, folder, blobs=None):
        self.folder = Path(folder)
        self.blobs = blobs

    def submissions(self):
        """Keys submitted, in order; a key that stands here twice was paid twice."""
        path = self.folder / "submissions"
        return path.read_text().splitlines() if path.exists() else []

    def trouble(self, method, error_class, message="trouble"):
        """Make a method raise from here on; error class `CannotTell` or None for no trouble."""
        path = self.folder / method
        if error_class is None:
            path.unlink()
        else:
            path.write_text(json.dumps([error_class, message]))

    def state(self, text):
        """Set the state that the provider reports."""
        (self.folder / "state").write_text(text)

    def _raise(self, method):
        path = self.folder / method
        if not path.exists():
            return
        error_class, message = json.loads(path.read_text())
        if error_class == "CannotTell":
            raise CannotTell(message)
        raise BackendError(error_class, message)

    def options(self):
        return {}

    def target(self):
        from qiskit.transpiler import Target

        return Target(num_qubits=2)

    def target_fingerprint(self):
        return "t" * 64

    def calibration(self):
        return CalibrationSnapshot(calibration_id="ideal", taken_at=None)

    def limits(self):
        inline = (self.folder / "inline").exists()
        return Limits(num_qubits=2, max_shots=1000, inline=inline)

    def estimate(self, request):
        return Estimate(seconds=None, executions=len(request.pubs), provenance="none")

    def submit(self, request, key):
        assert request.fingerprint() == REQUEST.fingerprint()
        self._raise("refuse")
        with (self.folder / "submissions").open("a") as stream:
            stream.write(f"{key}\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._raise("lose_reply")
        return self._receipt(key)

    def _receipt(self, key):
        number = self.submissions().index(key)
        return Receipt(
            idempotency_key=key,
            backend=self.name,
            provider_job_id=f"job-{number}",
            submitted_at=datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        )

    def find(self, key, since):
        self._raise("find")
        assert since.tzinfo is not None
        return self._receipt(key) if key in self.submissions() else None

    def status(self, receipt):
        self._raise("status")
        assert receipt.idempotency_key in self.submissions()
        path = self.folder / "state"
        return path.read_text() if path.exists() else "completed"

    def result(self, receipt):
        import polars as pl

        self._raise("result")
        assert self.blobs is not None
        outcomes = pl.DataFrame(
            {
                "pub": pl.Series([0, 0], dtype=pl.Int32),
                "execution": [0, 0],
                "register": ["meas", "meas"],
                "bitstring": ["00", "11"],
                "count": [48, 52],
                "weight": pl.Series([None, None], dtype=pl.Float64),
            }
        )
        raw = json.dumps({"job": receipt.provider_job_id, "counts": {"00": 48, "11": 52}})
        pub = PubResult(pub=0, registers={"meas": 2}, method="sampled", shots_returned=100)
        return ExecutionResult(
            outcomes=outcomes,
            pubs=(pub,),
            raw_response_ref=self.blobs.put_blob(raw.encode(), "json"),
            seconds={"execution": 0.5},
            metadata={"provider": "folder"},
        )

    def cancel(self, receipt):
        assert receipt.idempotency_key in self.submissions()
        self.state("cancelled")


def main(verb, root, step):
    """Submit or collect the request under the key `key`, and die with a kill at a step."""
    from resources.control.collection import collect_job
    from resources.control.submission import submit_job
    from resources.ledger.jobs import JobLedger
    from resources.store.artifacts import ArtifactStore

    def die(reached):
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    store = ArtifactStore(f"{root}/store")
    ledger = JobLedger(f"sqlite:///{root}/ledger.sqlite")
    backend = FolderBackend(root, store)
    if verb == "submit":
        payload_ref = store.put_blob(REQUEST.model_dump_json().encode(), "json")
        receipt = submit_job(ledger, backend, REQUEST, "key", payload_ref, checkpoint=die)
        sys.stdout.write(receipt.provider_job_id)
    else:
        job = collect_job(ledger, backend, store, "key", checkpoint=die)
        sys.stdout.write(job.state)


if __name__ == "__main__":
    main(*sys.argv[1:])
