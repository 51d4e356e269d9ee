"""From a parsed circuit to one that backends can take: limits, registers, the measurement rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit import ClassicalRegister, QuantumCircuit

from hq_assets.problems.circuit_collection.prechecks import refuse_sizes
from hq_assets.problems.circuit_collection.refusal import UnsupportedError
from hq_assets.problems.circuit_collection.structure import measures_only_at_the_end, take_census

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit.circuit import Clbit

    from hq_assets.problems.circuit_collection.settings import Settings


@dataclass(frozen=True)
class Prepared:
    """A circuit ready to be compiled.

    Attributes:
        circuit: With measurements; every classical bit stands in exactly one register.
        notes: What was changed, one sentence each.
    """

    circuit: QuantumCircuit
    notes: Sequence[str] = ()


def prepare(circuit: QuantumCircuit, circuit_id: str, settings: Settings) -> Prepared:
    """Apply the stated rules to a circuit.

    Raises:
        UnsupportedError: The circuit is empty, too wide, too long, opaque, endless, needs inputs at
            run time, or breaks the rule for measurements.
    """
    check_shape(circuit, settings)
    census = take_census(circuit, settings.max_operations)
    mid_circuit = census.controlled or census.resets > 0 or not measures_only_at_the_end(circuit)
    if mid_circuit and settings.mid_circuit == "refuse":
        message = (
            "has resets, control flow or measurements before the end, and mid_circuit is set to "
            "refuse"
        )
        raise UnsupportedError(message)
    notes: list[str] = []
    if census.measurements == 0:
        circuit = measure_everything(circuit, settings)
        notes.append("the circuit measures nothing, so a final measurement of all qubits was added")
    elif loose_bits(circuit):
        circuit = gather_loose_bits(circuit)
        notes.append("classical bits outside any register were gathered in the register `loose`")
    else:
        circuit = circuit.copy()
    circuit.name = circuit_id
    circuit.metadata = {}
    return Prepared(circuit, notes)


def check_shape(circuit: QuantumCircuit, settings: Settings) -> None:
    """Refuse shapes that no backend can take.

    Raises:
        UnsupportedError: No qubits, too many qubits or bits, overlapping registers, or inputs.
    """
    if circuit.num_qubits == 0:
        message = "the circuit has no qubits"
        raise UnsupportedError(message)
    refuse_sizes(circuit.num_qubits, circuit.num_clbits, settings)
    bits = [bit for register in circuit.cregs for bit in register]
    if len(bits) != len(set(bits)):
        message = (
            "classical registers share bits, so their values cannot be told apart; declare them "
            "apart"
        )
        raise UnsupportedError(message)
    if circuit.num_input_vars or circuit.num_captured_vars:
        message = (
            "needs input variables at run time; declare them as parameters (`input float` or "
            "`input angle`)"
        )
        raise UnsupportedError(message)


def measure_everything(circuit: QuantumCircuit, settings: Settings) -> QuantumCircuit:
    """A copy with a final measurement of all qubits into a register `meas`.

    Classical bits that nothing uses are left out: they would stand as zeros in every outcome.

    Raises:
        UnsupportedError: The rule for circuits without measurement is `refuse`.
    """
    if settings.without_measurement == "refuse":
        message = (
            "the circuit measures nothing; add measurements or set without_measurement to "
            "measure_all"
        )
        raise UnsupportedError(message)
    if not any(instruction.clbits for instruction in circuit.data) and not circuit.num_vars:
        bare = QuantumCircuit(circuit.qubits, *circuit.qregs, global_phase=circuit.global_phase)
        for instruction in circuit.data:
            bare.append(instruction)
        circuit = bare
    measured = circuit.copy()
    register = ClassicalRegister(circuit.num_qubits, free_name(circuit, "meas"))
    measured.add_register(register)
    measured.barrier()
    measured.measure(measured.qubits, list(register))
    return measured


def free_name(circuit: QuantumCircuit, wish: str) -> str:
    """A register name that the circuit does not use, as close to the wish as possible."""
    taken = {register.name for register in [*circuit.cregs, *circuit.qregs]}
    return next(n for n in (wish, *(f"{wish}_{k}" for k in range(len(taken)))) if n not in taken)


def loose_bits(circuit: QuantumCircuit) -> list[Clbit]:
    """Classical bits outside any register, in order; results by register would miss them."""
    return [bit for bit in circuit.clbits if not circuit.find_bit(bit).registers]


def gather_loose_bits(circuit: QuantumCircuit) -> QuantumCircuit:
    """A copy whose loose classical bits stand in one register, in order of declaration."""
    gathered = circuit.copy()
    register = ClassicalRegister(name=free_name(circuit, "loose"), bits=loose_bits(circuit))
    gathered.add_register(register)
    return gathered
