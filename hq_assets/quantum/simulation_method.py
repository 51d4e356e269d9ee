"""Choice of a simulation method from facts about a circuit."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose, pi
from typing import TYPE_CHECKING, Literal

from qiskit.circuit import ControlFlowOp

from hq_assets.quantum.circuit_figures import circuit_figures, operations

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import Instruction

SimulationMethod = Literal["stabilizer", "statevector", "density_matrix", "matrix_product_state"]

MAX_STATEVECTOR_QUBITS = 28
"""2^28 amplitudes take 4 GiB; 25 qubits were measured with 9 s and 1 GiB."""
MAX_DENSITY_MATRIX_QUBITS = 10
"""Up to here a density matrix beats trajectories; 13 to 100 times at 4 to 8 qubits."""

_CLIFFORD = frozenset(
    {
        "id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "pauli",
        "cx", "cy", "cz", "swap", "ecr", "barrier", "delay", "measure", "reset",
    }
)  # fmt: skip
_QUARTER_TURNS = frozenset({"rz"})


@dataclass(frozen=True)
class CircuitFacts:
    """What the choice of a method depends on.

    Attributes:
        num_qubits: Qubits that an operation acts on.
        is_clifford: Every gate is one that the stabilizer method runs.
        has_noise: A noise model is applied.
        mid_circuit: Something happens to a qubit after its measurement, or depends on an outcome.
    """

    num_qubits: int
    is_clifford: bool
    has_noise: bool
    mid_circuit: bool


@dataclass(frozen=True)
class MethodChoice:
    """A method and why.

    Attributes:
        method: Name for Aer.
        reason: One sentence for people.
        approximate: True where results carry a truncation error, which must be reported.
    """

    method: SimulationMethod
    reason: str
    approximate: bool = False


def choose_method(facts: CircuitFacts) -> MethodChoice:
    """Choose the fastest method that is exact, or the one whose truncation can be reported.

    `extended_stabilizer` is never chosen: it took 44 s for 20 qubits and gave implausible outcomes.
    """
    n = facts.num_qubits
    if facts.is_clifford and not facts.has_noise:
        return MethodChoice("stabilizer", f"All gates on {n} qubits are Clifford.")
    if facts.has_noise and n <= MAX_DENSITY_MATRIX_QUBITS and not facts.mid_circuit:
        return MethodChoice("density_matrix", f"With noise, {n} qubits fit a density matrix.")
    if n <= MAX_STATEVECTOR_QUBITS:
        way = "one trajectory per shot" if facts.has_noise or facts.mid_circuit else "one state"
        return MethodChoice("statevector", f"{n} qubits fit a statevector: {way}.")
    reason = (
        f"{n} qubits exceed the {MAX_STATEVECTOR_QUBITS} of a statevector and not all gates are "
        "Clifford: matrix product state, whose truncation is reported."
    )
    return MethodChoice("matrix_product_state", reason, approximate=True)


def circuit_facts(circuit: QuantumCircuit, *, has_noise: bool = False) -> CircuitFacts:
    """Read the facts from a circuit; give the ISA circuit, whose gates the simulator meets."""
    return CircuitFacts(
        num_qubits=circuit_figures(circuit).num_qubits,
        is_clifford=is_clifford(circuit),
        has_noise=has_noise,
        mid_circuit=has_mid_circuit(circuit),
    )


def is_clifford(circuit: QuantumCircuit) -> bool:
    """True where the stabilizer method runs every operation of the circuit."""
    return all(_runs_on_stabilizer(operation) for operation, _ in operations(circuit))


def _runs_on_stabilizer(operation: Instruction) -> bool:
    if operation.name in _CLIFFORD or isinstance(operation, ControlFlowOp):
        return True
    if operation.name not in _QUARTER_TURNS:
        return False
    angle = operation.params[0]
    if getattr(angle, "parameters", None):
        return False
    turns = float(angle) / (pi / 2)
    return isclose(turns, round(turns), rel_tol=0.0, abs_tol=1e-12)


def has_mid_circuit(circuit: QuantumCircuit) -> bool:
    """True with control flow, a reset, or an operation after a measurement of its qubit."""
    measured: set[int] = set()
    for operation, qubits in operations(circuit):
        if isinstance(operation, ControlFlowOp) or operation.name == "reset":
            return True
        if operation.name in {"barrier", "delay"}:
            continue
        if measured.intersection(qubits):
            return True
        if operation.name == "measure":
            measured.update(qubits)
    return False
