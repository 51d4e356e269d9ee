"""Compilation of circuits for a target: once per circuit, with pass managers that are kept.

`transpile(circuit, AerSimulator())` rebuilds the target more than a hundred times and costs 75 to
91 ms whatever the circuit; a kept preset pass manager takes below 1 ms for a small one.
Parameterized circuits are compiled unbound, so that one compilation serves all parameter rows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from qiskit.exceptions import QiskitError
from qiskit.transpiler import generate_preset_pass_manager
from qiskit.transpiler.exceptions import TranspilerError

from hq_assets.quantum.circuit_figures import CircuitFigures, circuit_figures, operations
from hq_assets.quantum.circuit_figures import operations_used as _operations_used
from hq_assets.quantum.simulation_method import is_clifford

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit
    from qiskit.transpiler import StagedPassManager, Target

CompileStatus = Literal["ok", "unsupported", "error"]

CAUGHT = (QiskitError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""What a pass may raise for one bad circuit; anything else is a fault of the program and passes."""

_CONTROL_FLOW = ("if_else", "for_loop", "while_loop", "switch_case")
_CLASSICAL = frozenset({"barrier", "store", "break_loop", "continue_loop"})


@dataclass(frozen=True)
class CompileOutcome:
    """What became of one circuit.

    Attributes:
        status: `ok`, `unsupported` (the target cannot run it) or `error` (the compiler failed).
        reason: Why, when the status is not `ok`.
        circuit: ISA circuit, or None.
        abstract: Figures of the circuit given.
        compiled: Figures of the ISA circuit, or None.
        layout: Physical qubit of each logical qubit at the start, or None.
        final_layout: Physical qubit of each logical qubit at the end, or None.
        operations_used: Names and physical qubits of the ISA circuit's operations, each pair once.
    """

    status: CompileStatus
    reason: str | None
    circuit: QuantumCircuit | None
    abstract: CircuitFigures
    compiled: CircuitFigures | None = None
    layout: tuple[int, ...] | None = None
    final_layout: tuple[int, ...] | None = None
    operations_used: tuple[tuple[str, tuple[int, ...]], ...] = ()


def compile_circuits(
    circuits: Sequence[QuantumCircuit], target: Target, level: int, seed: int
) -> list[CompileOutcome]:
    """Compile circuits for a target; a circuit that fails never stops the others.

    A Clifford circuit stays Clifford: where a level would merge its gates into rotations, it is
    compiled at level 0, because wide Clifford circuits run only on the stabilizer method.

    Args:
        circuits: Abstract circuits, parameters unbound.
        target: Instructions and connectivity to obey.
        level: Optimization level, 0 to 3.
        seed: Seed of layout and routing.

    Returns:
        One outcome per circuit, in order.
    """
    key = _target_key(target)
    return [_compile(circuit, target, key, level, seed) for circuit in circuits]


def _compile(
    circuit: QuantumCircuit, target: Target, key: str, level: int, seed: int
) -> CompileOutcome:
    abstract = circuit_figures(circuit)
    reason = _unsupported(circuit, target)
    if reason is not None:
        return CompileOutcome("unsupported", reason, None, abstract)
    try:
        isa_circuit = _pass_manager(_Keyed(key, target), level, seed).run(circuit)
        if level > 0 and is_clifford(circuit) and not is_clifford(isa_circuit):
            isa_circuit = _pass_manager(_Keyed(key, target), 0, seed).run(circuit)
    except TranspilerError as error:
        return CompileOutcome("unsupported", _one_line(error), None, abstract)
    except CAUGHT as error:
        return CompileOutcome("error", _one_line(error), None, abstract)
    layout = isa_circuit.layout
    return CompileOutcome(
        status="ok",
        reason=None,
        circuit=isa_circuit,
        abstract=abstract,
        compiled=circuit_figures(isa_circuit),
        layout=tuple(layout.initial_index_layout(filter_ancillas=True)) if layout else None,
        final_layout=tuple(layout.final_index_layout(filter_ancillas=True)) if layout else None,
        operations_used=_operations_used(isa_circuit),
    )


def _unsupported(circuit: QuantumCircuit, target: Target) -> str | None:
    """Say what the target lacks that no compilation can supply, or None."""
    if target.num_qubits is not None and circuit.num_qubits > target.num_qubits:
        return (
            f"The circuit has {circuit.num_qubits} qubits, but the target has {target.num_qubits}. "
            "Use fewer qubits or a wider backend."
        )
    names = {operation.name for operation, _ in operations(circuit)} - _CLASSICAL
    fixed = {*_CONTROL_FLOW, "measure", "reset", "delay"}
    lacking = sorted((names & fixed) - set(target.operation_names))
    if lacking:
        return (
            f"The circuit has {', '.join(lacking)}, which the target lacks. "
            "Remove them or choose a backend that offers them."
        )
    return None


def _one_line(error: BaseException) -> str:
    """Kind and message of an error on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


@dataclass(frozen=True)
class _Keyed:
    """A target that compares by its key, so that it can be a cache key."""

    key: str
    target: Target

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key


@lru_cache(maxsize=16)
def _pass_manager(keyed: _Keyed, level: int, seed: int) -> StagedPassManager:
    """The preset pass manager of a target, level and seed, built once."""
    return generate_preset_pass_manager(
        optimization_level=level, target=keyed.target, seed_transpiler=seed
    )


def _target_key(target: Target) -> str:
    """Hash of everything in a target that compilation reads, error rates and durations included."""
    content = hashlib.sha256(repr((target.num_qubits, target.dt)).encode())
    for name in sorted(target.operation_names):
        operation = target.operation_from_name(name)
        content.update(
            repr((name, getattr(operation, "params", None) and str(operation.params))).encode()
        )
        properties = target[name]
        if properties is None:
            continue
        for qubits in sorted(properties, key=lambda key: key or ()):
            entry = properties[qubits]
            content.update(repr((qubits, entry and (entry.error, entry.duration))).encode())
    return content.hexdigest()
