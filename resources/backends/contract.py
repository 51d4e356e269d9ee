"""The contract of every quantum backend, and the canonical types that cross it.

Providers differ only behind this contract; stages and control know nothing else. All types are plain,
JSON-able values: large things (circuits, parameter arrays, outcomes) stay in the artifact store and
travel as references, so a payload's size does not depend on the number of rows.

Bit order everywhere: qubit 0 and classical bit 0 are rightmost in a bitstring, as in Qiskit.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import polars as pl
    from qiskit.transpiler import Target

SCHEMA_VERSION = "1.0"
"""Version of the canonical request and result; a change of meaning raises it."""

Method = Literal["sampled", "exact", "binomial"]
Operation = Literal["sample", "overlaps"]
JobState = Literal[
    "intent",
    "submitted",
    "queued",
    "running",
    "completed",
    "failed",
    "cancelled",
    "unknown",
    "parked",
]
ProviderStatus = Literal["queued", "running", "completed", "failed", "cancelled", "unknown"]
ErrorClass = Literal[
    "transient", "ambiguous", "offline", "structural", "data", "authentication", "policy", "quota",
    "timeout", "ran_too_long", "cancelled", "failed", "not_found_yet", "device_changed", "unknown",
]  # fmt: skip


class BackendError(Exception):
    """A backend or the control plane could not do what was asked.

    Attributes:
        error_class: One of the canonical classes; decides whether anything may be tried again.
    """

    def __init__(self, error_class: ErrorClass, message: str) -> None:
        super().__init__(message)
        self.error_class: ErrorClass = error_class


class Blobs(Protocol):
    """What a backend may do with the artifact store: read and write immutable bytes by reference."""

    def put_blob(self, data: bytes, suffix: str) -> str:
        """Store bytes durably and return their reference, `<sha256>.<suffix>`."""
        ...

    def get_blob(self, ref: str) -> bytes:
        """Return the bytes of a reference after checking their hash."""
        ...


class Canonical(BaseModel):
    """Base of all canonical values: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Pub(Canonical):
    """A primitive unified bloc: one ISA circuit, its parameter rows, shots.

    With `pairs_ref` the circuit is executed once per pair: execution k binds the concatenation of the
    parameter rows left[k] and right[k] (operation `sample`), or is replaced by the exact overlap
    |<U(left)|U(right)>|² of the measurement-free `circuit_ref` (operation `overlaps`).
    """

    circuit_id: str
    seed: int = Field(description="The workload's declared seed (split) that these rows belong to")
    operation: Operation = "sample"
    circuit_ref: str = Field(
        description="QPY of the ISA circuit (for overlaps: of U(x)); not part of the fingerprint"
    )
    compiled_fingerprint: str = Field(
        description="Structural fingerprint of the circuit behind circuit_ref"
    )
    num_parameters: int = Field(ge=0)
    parameters_ref: str | None = Field(
        default=None, description=".npy, float64 (rows, parameters per row)"
    )
    parameter_names: tuple[str, ...] | None = Field(
        default=None,
        description="Parameter of each bound value in order (for pairs: of left, then of right); names that the "
        "circuit lost in compilation are skipped. None: the circuit's own order, `circuit.parameters`",
    )
    rows: int = Field(ge=1, description="Parameter rows; 1 for a circuit without parameters")
    pairs_ref: str | None = Field(
        default=None, description=".npy, int64 (pairs, 2): left and right parameter row"
    )
    num_pairs: int = Field(default=0, ge=0)
    shots: int = Field(ge=0, description="Shots per execution; 0 only for method exact")

    @property
    def executions(self) -> int:
        """Number of circuit executions this pub asks for."""
        return self.num_pairs if self.pairs_ref is not None else self.rows


class ExecutionRequest(Canonical):
    """The canonical payload of one job, complete before anything leaves."""

    schema_version: str = SCHEMA_VERSION
    workload: str
    backend: str
    backend_options: dict[str, Any] = Field(default_factory=dict)
    target_fingerprint: str
    method: Method
    seed_simulator: int
    mitigation: dict[str, Any] | None = None
    pubs: tuple[Pub, ...]

    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON; circuits count by structure, because QPY bytes vary by process."""
        body = self.model_dump(mode="json")
        for pub in body["pubs"]:
            del pub["circuit_ref"]
        return hashlib.sha256(
            json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest()


class Receipt(Canonical):
    """The record of one submission."""

    idempotency_key: str
    backend: str
    provider_job_id: str
    submitted_at: str = Field(description="ISO 8601, UTC")


class CostItem(Canonical):
    """One amount of money."""

    amount: float
    currency: str = "USD"
    kind: str = Field(description="shots, session, qpu_time, simulator_compute …")
    estimated: bool
    source: str


class Estimate(Canonical):
    """What a request is expected to take."""

    seconds: float | None
    money: tuple[CostItem, ...] = ()
    executions: int
    provenance: str = Field(description="How the numbers were obtained")


class Limits(Canonical):
    """What the backend accepts; None means no limit of its own."""

    num_qubits: int
    max_shots: int | None
    max_executions_per_job: int | None = None
    max_payload_bytes: int | None = None
    offers_overlaps: bool = False
    inline: bool = Field(
        default=False, description="A local simulator: collected inside the same run"
    )
    supports_control_flow: bool = False
    supports_mid_circuit_measurement: bool = False


class CalibrationSnapshot(Canonical):
    """Backend properties at one moment."""

    calibration_id: str = Field(description="Hash of the numbers; for an ideal simulator `ideal`")
    taken_at: str | None = Field(
        description="ISO 8601 as the provider states it; None for an ideal simulator"
    )
    qubits: dict[str, dict[str, float | None]] = Field(
        default_factory=dict, description="qubit → t1_us, t2_us, readout_error …"
    )
    edges: dict[str, dict[str, float | None]] = Field(
        default_factory=dict, description="`gate:q0_q1` → error, duration_ns"
    )


class PubResult(Canonical):
    """Facts about one pub's outcomes."""

    pub: int
    registers: dict[str, int] = Field(
        description="register name → bits, in the order declared by the circuit"
    )
    method: Method
    simulation_method: str | None = None
    shots_returned: int
    notes: tuple[str, ...] = ()
    error: str | None = Field(
        default=None,
        description="Why this pub has no outcomes although the job completed; the others are whole",
    )


@dataclass(frozen=True)
class ExecutionResult:
    """The normalized response of one job.

    Attributes:
        outcomes: Columns pub (i32), execution (i64: parameter row or pair number), register (str),
            bitstring (str; the registers of one outcome are separate rows only if `joint` is impossible;
            by default register is `all` where a circuit has several: bitstrings joined as Qiskit does,
            last declared register leftmost, separated by one space), count (i64 or null), weight (f64 or null).
            Pairs keep two rows per execution: the all-zero bitstring and `rest`.
        pubs: One entry per pub.
        seconds: Execution seconds by name (`execution`, `queue`, `compilation` …).
        cost_items: Money, possibly empty.
        raw_response_ref: Blob of the response as the provider gave it.
        metadata: Small JSON-able facts (versions, noise model …).
    """

    outcomes: pl.DataFrame
    pubs: tuple[PubResult, ...]
    raw_response_ref: str
    seconds: dict[str, float] = field(default_factory=dict)
    cost_items: tuple[CostItem, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


class CannotTell(Exception):  # noqa: N818 - it is an answer, not an error
    """The provider can neither deduplicate nor list, so nobody knows whether a job exists."""


class Backend(ABC):
    """Anything that runs ISA circuits. Everything that a workload sees of a provider is here."""

    name: str

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """Settings that are part of a result's key (device, method, noise …), JSON-able, without secrets."""

    @abstractmethod
    def target(self) -> Target:
        """Instructions and connectivity that ISA circuits must obey."""

    @abstractmethod
    def target_fingerprint(self) -> str:
        """Hash of target structure and options: what circuits are compiled for; no calibration numbers."""

    @abstractmethod
    def calibration(self) -> CalibrationSnapshot:
        """The snapshot in force at this moment."""

    @abstractmethod
    def limits(self) -> Limits:
        """What the backend accepts."""

    @abstractmethod
    def estimate(self, request: ExecutionRequest) -> Estimate:
        """Expected money and seconds of a request, with provenance."""

    @abstractmethod
    def submit(self, request: ExecutionRequest, key: str) -> Receipt:
        """Hand the request over under an idempotency key.

        Raises:
            BackendError: class `structural`, `quota` … when refused; `ambiguous` when nobody can tell.
        """

    @abstractmethod
    def find(self, key: str, since: datetime) -> Receipt | None:
        """Look a job up by our key; None means that the provider is certain that it has none.

        Raises:
            CannotTell: The provider offers no way to know.
        """

    @abstractmethod
    def status(self, receipt: Receipt) -> ProviderStatus:
        """State of a job; a text we do not know is `unknown`, never `failed`."""

    @abstractmethod
    def result(self, receipt: Receipt) -> ExecutionResult:
        """The normalized response of a completed job.

        Raises:
            BackendError: class `not_found_yet`, `failed`, `cancelled` … .
        """

    @abstractmethod
    def cancel(self, receipt: Receipt) -> None:
        """Ask for cancellation; harmless when the job has already ended."""


@dataclass(frozen=True)
class BackendPlace:
    """Where an adapter keeps what must survive its process.

    Attributes:
        blobs: The artifact store, for payloads and responses.
        spool: Folder on the local disk for the durable queue of local simulators.
    """

    blobs: Blobs
    spool: Path
