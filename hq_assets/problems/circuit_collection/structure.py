"""What a circuit is made of: its expanded operations, measurements and classical control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit.circuit import (
    AnnotatedOperation,
    BreakLoopOp,
    Clbit,
    ContinueLoopOp,
    ControlFlowOp,
    ForLoopOp,
    Gate,
    Measure,
    QuantumCircuit,
    Reset,
    WhileLoopOp,
)
from qiskit.circuit.classical import expr
from qiskit.circuit.library import get_standard_gate_name_mapping

from hq_assets.problems.circuit_collection.refusal import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST_NESTING = 64
"""Definitions and blocks inside one another; compilers recurse through them."""

PRIMITIVES = frozenset(
    {
        *get_standard_gate_name_mapping(),
        *("barrier", "delay", "measure", "reset", "store", "break_loop", "continue_loop"),
        *("unitary", "diagonal", "initialize", "global_phase", "pauli", "permutation"),
    }
)
"""Operations that compilers know without a definition."""


@dataclass
class Census:
    """What a walk through a circuit has met.

    Attributes:
        operations: Operations with definitions and loops expanded.
        measurements: Measurements, also inside blocks.
        resets: Resets, also inside blocks.
        controlled: Whether there is classical control.
    """

    operations: int = 0
    measurements: int = 0
    resets: int = 0
    controlled: bool = False


def take_census(circuit: QuantumCircuit, max_operations: int) -> Census:
    """Walk through all operations, definitions and blocks.

    Raises:
        UnsupportedError: An operation without definition, an endless loop, too many operations, too
            deep nesting.
    """
    census = Census()
    _visit(circuit, census, max_operations, repeats=1, depth=0)
    return census


def _visit(
    circuit: QuantumCircuit, census: Census, limit: int, *, repeats: int, depth: int
) -> None:
    if depth > DEEPEST_NESTING:
        message = (
            f"definitions or blocks are nested more than {DEEPEST_NESTING} deep; flatten the "
            "circuit"
        )
        raise UnsupportedError(message)
    for instruction in circuit.data:
        operation = instruction.operation
        census.operations += repeats
        if census.operations > limit:
            message = (
                f"has more than {limit:,} operations with gates and loops expanded; raise "
                "max_operations"
            )
            raise UnsupportedError(message)
        census.measurements += isinstance(operation, Measure)
        census.resets += isinstance(operation, Reset)
        if isinstance(operation, ControlFlowOp):
            census.controlled = True
            times = repeats * _iterations(instruction)
            for block in operation.blocks:
                _visit(block, census, limit, repeats=times, depth=depth + 1)
            continue
        inner = definition(operation)
        if inner is not None:
            census.operations -= repeats
            _visit(inner, census, limit, repeats=repeats, depth=depth + 1)


def definition(operation: Any) -> QuantumCircuit | None:
    """The circuit that an operation stands for; None for what compilers know by itself.

    Raises:
        UnsupportedError: The operation is opaque: neither known nor defined.
    """
    if isinstance(operation, AnnotatedOperation):
        return definition(operation.base_op)
    if operation.name in PRIMITIVES or hasattr(operation, "__array__"):
        return None
    inner = getattr(operation, "definition", None)
    if inner is None and not isinstance(operation, (BreakLoopOp, ContinueLoopOp)):
        kind = "gate" if isinstance(operation, Gate) else "instruction"
        message = f"{kind} {operation.name} is opaque: it has no definition; define it in the file"
        raise UnsupportedError(message)
    return inner


def _iterations(instruction: Any) -> int:
    """How often a control-flow operation runs its blocks at least, as far as that is known.

    Raises:
        UnsupportedError: A while loop whose body cannot change its condition.
    """
    operation = instruction.operation
    if isinstance(operation, ForLoopOp):
        return len(operation.params[0])
    if isinstance(operation, WhileLoopOp) and not _can_end(instruction):
        message = (
            "a while loop never changes what its condition reads, so it cannot end; measure into "
            "it in the loop"
        )
        raise UnsupportedError(message)
    return 1


def _can_end(instruction: Any) -> bool:
    """Whether a while loop writes a bit of its condition or has a way out."""
    operation = instruction.operation
    read = _bits_read(operation.condition)
    if read is None:
        return True
    body = operation.blocks[0]
    outer = dict(zip(body.clbits, instruction.clbits, strict=True))
    written = {outer.get(bit) for bit in _bits_written(body)}
    return bool(read & written) or any(isinstance(op, BreakLoopOp) for op in _operations(body))


def _bits_read(condition: Any) -> set[Clbit] | None:
    """Classical bits of a condition; None where it is an expression over variables."""
    if isinstance(condition, expr.Expr):
        found: set[Clbit] = set()
        for leaf in expr.iter_vars(condition):
            if leaf.standalone:
                return None
            found |= {leaf.var} if isinstance(leaf.var, Clbit) else set(leaf.var)
        return found
    target = condition[0]
    return {target} if isinstance(target, Clbit) else set(target)


def _bits_written(block: QuantumCircuit) -> Iterator[Clbit]:
    """Bits of a block, as its own, that something in it may write."""
    for instruction in block.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            for inner in operation.blocks:
                outer = dict(zip(inner.clbits, instruction.clbits, strict=True))
                yield from (outer[bit] for bit in _bits_written(inner))
        elif operation.name in {"measure", "store"} or operation.num_clbits:
            yield from instruction.clbits


def _operations(block: QuantumCircuit) -> Iterator[Any]:
    for instruction in block.data:
        yield instruction.operation
        if isinstance(instruction.operation, ControlFlowOp):
            for inner in instruction.operation.blocks:
                yield from _operations(inner)


def measures_only_at_the_end(circuit: QuantumCircuit) -> bool:
    """Whether nothing follows a qubit's measurement but further measurements and barriers."""
    measured: set[object] = set()
    for instruction in circuit.data:
        name = instruction.operation.name
        if name == "measure":
            measured.add(instruction.qubits[0])
        elif name != "barrier" and measured.intersection(instruction.qubits):
            return False
    return True
