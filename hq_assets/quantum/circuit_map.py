"""A circuit as a matrix of what happens where and when, for a picture of any width and depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qiskit.circuit import ControlFlowOp

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import Operation

IDLE, ONE_QUBIT, SEVERAL_QUBITS, READOUT, CONTROL = range(5)
"""Nothing; a gate on one qubit; a gate on several; measurement or reset; control flow."""

_SKIPPED = frozenset({"barrier", "snapshot", "global_phase"})
_READOUTS = frozenset({"measure", "reset"})


def circuit_map(circuit: QuantumCircuit) -> np.ndarray:
    """What each used qubit does in each layer; every operation stands in the earliest layer it can.

    Args:
        circuit: Any circuit; control flow counts as one operation on the qubits of its blocks.

    Returns:
        Integers of shape (used qubits, layers), qubit 0 first: IDLE, ONE_QUBIT, SEVERAL_QUBITS,
        READOUT or CONTROL.
    """
    free: dict[object, int] = {}
    cells: list[tuple[int, int, int]] = []
    rows = {qubit: row for row, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        if instruction.operation.name in _SKIPPED:
            continue
        bits = (*instruction.qubits, *instruction.clbits)
        layer = max((free.get(bit, 0) for bit in bits), default=0)
        free.update(dict.fromkeys(bits, layer + 1))
        kind = _kind(instruction.operation, len(instruction.qubits))
        cells.extend((rows[qubit], layer, kind) for qubit in instruction.qubits)
    found = np.zeros((circuit.num_qubits, max(free.values(), default=0)), dtype=np.int8)
    for row, layer, kind in cells:
        found[row, layer] = kind
    return found[found.any(axis=1)]


def _kind(operation: Operation, width: int) -> int:
    if isinstance(operation, ControlFlowOp):
        return CONTROL
    if operation.name in _READOUTS:
        return READOUT
    return ONE_QUBIT if width == 1 else SEVERAL_QUBITS
