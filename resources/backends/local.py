"""What local simulators share: accepting requests, the durable queue, stored responses."""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from resources.backends.contract import (
    Backend,
    BackendError,
    BackendPlace,
    ExecutionResult,
    PubResult,
    Receipt,
)
from resources.backends.isa import check_isa
from resources.backends.outcomes import outcome_frame
from resources.backends.payloads import get_circuit, get_table, put_table
from resources.backends.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import polars as pl
    from qiskit import QuantumCircuit

    from resources.backends.contract import ExecutionRequest, ProviderStatus, Pub
    from resources.backends.spool import Entry


class LocalSimulator(Backend):
    """A simulator in this process behind a durable queue.

    Args:
        name: Name under which the backend was configured.
        place: Artifact store and folder of the queue.
    """

    def __init__(self, name: str, place: BackendPlace) -> None:
        self.name = name
        self._blobs = place.blobs
        self._spool = Spool(place.spool / quote(name, safe=""), self._respond)

    @abstractmethod
    def execute_pub(
        self, request: ExecutionRequest, number: int, check: Callable[[], None]
    ) -> tuple[pl.DataFrame, PubResult]:
        """Execute one pub and return its outcomes and facts; call `check` between parts."""

    @abstractmethod
    def refuse_pub(self, request: ExecutionRequest, pub: Pub) -> str | None:
        """Why this simulator cannot take a pub, or None."""

    @abstractmethod
    def metadata(self) -> dict[str, Any]:
        """Facts that explain a result: versions, noise model."""

    def submit(self, request: ExecutionRequest, key: str) -> Receipt:
        """Queue a request once per key and start executing it in the background."""
        self._accept(request)
        return self._receipt(self._spool.submit(request, key))

    def find(self, key: str, since: datetime) -> Receipt | None:
        """The receipt of a key; None is certain, whatever the time."""
        del since
        entry = self._spool.find(key)
        return None if entry is None else self._receipt(entry)

    def status(self, receipt: Receipt) -> ProviderStatus:
        """State of a job; one whose process died is continued by this process."""
        return self._spool.status(receipt.idempotency_key)

    def result(self, receipt: Receipt) -> ExecutionResult:
        """The response of a completed job.

        Raises:
            BackendError: The class of the failure, `cancelled`, or `not_found_yet`.
        """
        key = receipt.idempotency_key
        ending = self._spool.ending(key)
        if ending is None:
            msg = f"job {receipt.provider_job_id} has not ended; ask for its status first"
            raise BackendError(error_class="not_found_yet", message=msg)
        if ending.response_ref is None:
            msg = ending.message or f"job {receipt.provider_job_id} was cancelled"
            raise BackendError(ending.error_class or "cancelled", msg)
        try:
            return self._read(ending.response_ref)
        except Exception as error:
            # Simulators are deterministic: what the store lost is computed again.
            self._spool.discard_response(key)
            msg = f"the response of {receipt.provider_job_id} is computed again, because {error}"
            raise BackendError(error_class="not_found_yet", message=msg) from error

    def cancel(self, receipt: Receipt) -> None:
        """Ask for cancellation: before the start, or between the parts of a running job."""
        self._spool.cancel(receipt.idempotency_key)

    def circuit(self, pub: Pub) -> QuantumCircuit:
        """The circuit of a pub."""
        return get_circuit(self._blobs, pub.circuit_ref)

    def _receipt(self, entry: Entry) -> Receipt:
        return Receipt(
            idempotency_key=entry.key,
            backend=self.name,
            provider_job_id=f"{self.name}/{entry.key}",
            submitted_at=entry.submitted_at,
        )

    def _accept(self, request: ExecutionRequest) -> None:
        """Refuse what can never run.

        Raises:
            BackendError: `structural`, or `device_changed` for another target.
        """
        if request.backend != self.name:
            msg = (
                f"the request is for backend {request.backend}, this is {self.name}; route it there"
            )
            raise BackendError(error_class="structural", message=msg)
        if request.target_fingerprint != self.target_fingerprint():
            msg = (
                f"the circuits were compiled for target {request.target_fingerprint[:12]}, "
                f"{self.name} has {self.target_fingerprint()[:12]}; compile them again"
            )
            raise BackendError(error_class="device_changed", message=msg)
        if request.mitigation:
            msg = f"{self.name} offers no mitigation; submit without `mitigation`"
            raise BackendError(error_class="structural", message=msg)
        if not request.pubs:
            msg = "the request has no pubs; give at least one circuit"
            raise BackendError(error_class="structural", message=msg)
        checked: set[str] = set()
        for pub in request.pubs:
            reason = self._refuse_shots(request, pub) or self.refuse_pub(request, pub)
            if reason is not None:
                msg = f"circuit {pub.circuit_id}: {reason}"
                raise BackendError(error_class="structural", message=msg)
            if pub.circuit_ref not in checked:
                checked.add(pub.circuit_ref)
                self._accept_circuit(pub)

    def _accept_circuit(self, pub: Pub) -> None:
        circuit = self.circuit(pub)
        check_isa(circuit, self.target(), pub.circuit_id)
        if pub.operation == "sample" and circuit.num_clbits == 0:
            msg = f"circuit {pub.circuit_id} has no classical bits; measure at least one qubit"
            raise BackendError(error_class="structural", message=msg)

    def _refuse_shots(self, request: ExecutionRequest, pub: Pub) -> str | None:
        most = self.limits().max_shots
        if request.method != "exact" and pub.shots < 1:
            return f"{pub.shots} shots were asked for; method {request.method} needs at least 1"
        if most is not None and pub.shots > most:
            return f"{pub.shots} shots were asked for; {self.name} takes at most {most}: split them"
        return None

    def _respond(self, request: ExecutionRequest, check: Callable[[], None]) -> str:
        """Execute a request, store the response, return its reference."""
        import polars as pl

        begun, cpu = time.perf_counter(), time.process_time()
        frames: list[pl.DataFrame] = []
        results: list[PubResult] = []
        failures: list[BackendError] = []
        for number in range(len(request.pubs)):
            check()
            try:
                frame, facts = self.execute_pub(request, number, check)
            except BackendError as error:
                if error.error_class not in ("failed", "structural"):
                    raise
                failures.append(error)
                frame, facts = _without_outcomes(request, number, error)
            frames.append(frame)
            results.append(facts)
        if len(failures) == len(request.pubs):
            raise failures[0]
        seconds = {
            "execution": time.perf_counter() - begun,
            "execution_cpu": time.process_time() - cpu,
        }
        try:
            head = {
                "outcomes_ref": put_table(self._blobs, pl.concat(frames)),
                "pubs": [facts.model_dump(mode="json") for facts in results],
                "seconds": seconds,
                "metadata": self.metadata(),
            }
            return self._blobs.put_blob(json.dumps(head, sort_keys=True).encode(), "json")
        except Exception as error:
            msg = f"the response could not be stored: {error}. Make room and submit again."
            raise BackendError(error_class="transient", message=msg) from error

    def _read(self, response_ref: str) -> ExecutionResult:
        head = json.loads(self._blobs.get_blob(response_ref))
        return ExecutionResult(
            outcomes=get_table(self._blobs, head["outcomes_ref"]),
            pubs=tuple(PubResult.model_validate(facts) for facts in head["pubs"]),
            raw_response_ref=response_ref,
            seconds=head["seconds"],
            metadata=head["metadata"],
        )


def _without_outcomes(
    request: ExecutionRequest, number: int, error: BackendError
) -> tuple[pl.DataFrame, PubResult]:
    """What stands for a circuit that could not be simulated: its reason; the others are whole."""
    facts = PubResult(
        pub=number,
        registers={},
        method=request.method,
        shots_returned=0,
        error=" ".join(str(error).split()),
    )
    return outcome_frame(number, (), "none", ()), facts
