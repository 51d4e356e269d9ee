"""Figures of circuits that people and rules look at: width, depth, gate counts, operations used.

Blocks of control flow are visited; every block counts once, whatever the number of its iterations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit.circuit import ControlFlowOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qiskit import QuantumCircuit
    from qiskit.circuit import Instruction

_DIRECTIVES = frozenset({"barrier", "snapshot"})


@dataclass(frozen=True)
class CircuitFigures:
    """Size of one circuit.

    Attributes:
        num_qubits: Qubits that an operation acts on; idle ones do not count.
        depth: Longest path over qubits and bits, barriers left out.
        two_qubit_gates: Gates on exactly two qubits.
        wider_gates: Gates on more than two qubits.
        size: All operations, measurements included, barriers left out.
    """

    num_qubits: int
    depth: int
    two_qubit_gates: int
    wider_gates: int
    size: int


def operations(
    circuit: QuantumCircuit, qubits: tuple[int, ...] | None = None
) -> Iterator[tuple[Instruction, tuple[int, ...]]]:
    """All operations with the indices of their qubits, in order; control flow, then its blocks.

    Args:
        circuit: Any circuit.
        qubits: Indices that the circuit's qubits have outside; counted from zero if None.
    """
    outside = tuple(range(circuit.num_qubits)) if qubits is None else qubits
    places = dict(zip(circuit.qubits, outside, strict=True))
    for instruction in circuit.data:
        operation = instruction.operation
        where = tuple(places[qubit] for qubit in instruction.qubits)
        yield operation, where
        if isinstance(operation, ControlFlowOp):
            for block in operation.blocks:
                yield from operations(block, where)


def circuit_figures(circuit: QuantumCircuit) -> CircuitFigures:
    """Count width, depth and gates of a circuit."""
    used: set[int] = set()
    widths: list[int] = []
    for operation, qubits in operations(circuit):
        if operation.name in _DIRECTIVES:
            continue
        used.update(qubits)
        widths.append(0 if isinstance(operation, ControlFlowOp) else len(qubits))
    return CircuitFigures(
        num_qubits=len(used),
        depth=circuit.depth(lambda instruction: instruction.operation.name not in _DIRECTIVES),
        two_qubit_gates=widths.count(2),
        wider_gates=sum(width > 2 for width in widths),  # noqa: PLR2004 - more than two qubits
        size=len(widths),
    )


def operations_used(circuit: QuantumCircuit) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Names and qubits of the operations, each pair once, sorted; barriers left out.

    For a compiled circuit these are the instructions of the target that a noise model needs.
    """
    pairs = {(operation.name, qubits) for operation, qubits in operations(circuit)}
    return tuple(sorted(pair for pair in pairs if pair[0] not in _DIRECTIVES))
