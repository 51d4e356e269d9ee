"""The target of an ideal simulator: all-to-all connectivity and the gates that every method runs.

`AerSimulator().target` names gates that some simulation methods refuse and limits the qubits by
the memory of a statevector; this target serves statevector, density matrix and matrix
product state, and leaves Clifford gates alone, so that wide Clifford circuits can go to the
stabilizer method.
"""

from __future__ import annotations

from functools import lru_cache

from qiskit.circuit import (
    Delay,
    ForLoopOp,
    IfElseOp,
    Measure,
    Parameter,
    Reset,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.transpiler import Target

_GATES = (
    "id", "h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "sxdg", "p", "rx", "ry", "rz", "r", "u",
    "cx", "cy", "cz", "cp", "swap", "ecr", "rxx", "ryy", "rzz", "rzx", "ccx",
)  # fmt: skip
_CONTROL_FLOW = {
    "if_else": IfElseOp,
    "for_loop": ForLoopOp,
    "while_loop": WhileLoopOp,
    "switch_case": SwitchCaseOp,
}


@lru_cache(maxsize=32)
def ideal_simulator_target(num_qubits: int) -> Target:
    """Build the target of an ideal simulator; every instruction acts on any qubits.

    The target is shared between callers: do not change it.

    Args:
        num_qubits: Number of qubits that circuits may have.
    """
    target = Target(num_qubits=num_qubits, description="ideal simulator")
    gates = get_standard_gate_name_mapping()
    for name in _GATES:
        target.add_instruction(gates[name])
    target.add_instruction(Measure())
    target.add_instruction(Reset())
    target.add_instruction(Delay(Parameter("duration")))
    for name, operation in _CONTROL_FLOW.items():
        target.add_instruction(operation, name=name)
    return target
