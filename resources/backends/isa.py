"""What circuits use, and whether a target offers it; blocks of control flow are visited too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resources.backends.contract import BackendError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

_DIRECTIVES = frozenset({"barrier"})


def instructions(circuit: QuantumCircuit) -> Iterator[tuple[Any, tuple[int, ...]]]:
    """Every instruction with the outermost circuit's qubits, control flow before its blocks."""
    yield from _visit(circuit, {qubit: index for index, qubit in enumerate(circuit.qubits)})


def _visit(
    circuit: QuantumCircuit, number: Mapping[Any, int]
) -> Iterator[tuple[Any, tuple[int, ...]]]:
    for instruction in circuit.data:
        qubits = tuple(number[qubit] for qubit in instruction.qubits)
        yield instruction, qubits
        for block in getattr(instruction.operation, "blocks", ()):
            yield from _visit(block, dict(zip(block.qubits, qubits, strict=True)))


def instructions_used(circuit: QuantumCircuit) -> set[tuple[str, tuple[int, ...]]]:
    """Distinct (operation name, qubits) of a circuit, directives left out."""
    return {
        (instruction.operation.name, qubits)
        for instruction, qubits in instructions(circuit)
        if instruction.operation.name not in _DIRECTIVES
    }


def check_isa(circuit: QuantumCircuit, target: Target, circuit_id: str) -> None:
    """Refuse a circuit that does not obey a target.

    Raises:
        BackendError: `structural`, naming the first offending operation.
    """
    from qiskit.circuit.controlflow import CONTROL_FLOW_OP_NAMES

    if circuit.num_qubits > (target.num_qubits or 0):
        msg = (
            f"circuit {circuit_id} has {circuit.num_qubits} qubits, the target "
            f"{target.num_qubits}; "
            "choose a wider backend"
        )
        raise BackendError(error_class="structural", message=msg)
    for name, qubits in sorted(instructions_used(circuit)):
        if name in CONTROL_FLOW_OP_NAMES:
            if name not in target.operation_names:
                msg = (
                    f"circuit {circuit_id} needs classical control `{name}`, which the target "
                    "lacks; choose a backend that has it"
                )
                raise BackendError(error_class="structural", message=msg)
        elif name not in _CLASSICAL and not target.instruction_supported(name, qubits):
            msg = (
                f"circuit {circuit_id} uses `{name}` on qubits {list(qubits)}, which the target "
                "lacks; compile the circuit for this target"
            )
            raise BackendError(error_class="structural", message=msg)


_CLASSICAL = frozenset({"store", "break_loop", "continue_loop"})
"""Operations on classical values only; they come with control flow and stand in no target."""
