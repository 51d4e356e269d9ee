"""What preflight needs to know of a circuit and of a target, as plain values read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

Placement = tuple[str, tuple[int, ...]]
"""An operation's name and the qubits that it acts on, in order."""

CONTROL_FLOW = frozenset({"if_else", "while_loop", "for_loop", "switch_case", "box"})
_DIRECTIVES = frozenset({"barrier", "break_loop", "continue_loop", "store"})


@dataclass(frozen=True)
class TargetFacts:
    """Instructions and connectivity of a target.

    Attributes:
        num_qubits: Qubits of the target, or None where it has no limit of its own.
        placements: Operation offered → qubit tuples it may act on, in order; None for any.
        edges: Coupled pairs of qubits, the smaller first; None where every pair is coupled.
    """

    num_qubits: int | None
    placements: Mapping[str, frozenset[tuple[int, ...]] | None] = field(default_factory=dict)
    edges: frozenset[tuple[int, int]] | None = None

    def allows(self, placement: Placement) -> bool:
        """Whether an operation, if it is offered at all, may act on these qubits in this order."""
        name, qubits = placement
        allowed = self.placements.get(name)
        return allowed is None or qubits in allowed


def target_facts(target: Target) -> TargetFacts:
    """Read a target's instructions and connectivity."""
    placements: dict[str, frozenset[tuple[int, ...]] | None] = {}
    for name in target.operation_names:
        qargs = target.qargs_for_operation_name(name)
        placements[name] = None if qargs is None else frozenset(tuple(q) for q in qargs)
    coupling = target.build_coupling_map()
    edges = None if coupling is None else {(min(e), max(e)) for e in coupling.get_edges()}
    return TargetFacts(
        num_qubits=target.num_qubits,
        placements=placements,
        edges=None if edges is None else frozenset(edges),
    )


def coupling_kind(target: TargetFacts) -> str:
    """`all_to_all`, `connected` (a path between any two qubits) or `disconnected`."""
    num_qubits = target.num_qubits or 0
    if target.edges is None or len(target.edges) == num_qubits * (num_qubits - 1) // 2:
        return "all_to_all"
    neighbours: dict[int, set[int]] = {qubit: set() for qubit in range(num_qubits)}
    for one, other in target.edges:
        neighbours[one].add(other)
        neighbours[other].add(one)
    reached, frontier = {0}, [0]
    while frontier:
        new = neighbours[frontier.pop()] - reached
        reached |= new
        frontier += new
    return "connected" if len(reached) == num_qubits else "disconnected"


def circuit_facts(circuit: QuantumCircuit) -> dict[str, Any]:
    """Read what preflight compares: registers, operations and where they act, control flow.

    The blocks of control flow are visited too. The values are JSON-able.
    """
    placements: set[Placement] = set()
    measured: set[int] = set()
    mid_circuit = False
    for name, qubits in _placed(circuit, tuple(range(circuit.num_qubits))):
        placements.add((name, qubits))
        if name not in _DIRECTIVES and measured.intersection(qubits):
            mid_circuit = True
        if name == "measure":
            measured.update(qubits)
    names = {name for name, _ in placements}
    return {
        "num_qubits": circuit.num_qubits,
        "active_qubits": sorted(
            {q for name, acted in placements if name != "barrier" for q in acted}
        ),
        "registers": {register.name: register.size for register in circuit.cregs},
        "depth": circuit.depth(),
        "two_qubit_gates": circuit.num_nonlocal_gates(),
        "operations": sorted(names),
        "placements": [[name, list(qubits)] for name, qubits in sorted(placements)],
        "control_flow": bool(names & CONTROL_FLOW),
        "mid_circuit_measurement": mid_circuit,
        "measured": "measure" in names,
    }


def _placed(circuit: QuantumCircuit, qubits: tuple[int, ...]) -> Iterator[Placement]:
    """Operations in order, with the outermost circuit's qubit numbers."""
    for instruction in circuit.data:
        acted = tuple(qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits)
        yield instruction.operation.name, acted
        for block in getattr(instruction.operation, "blocks", ()):
            yield from _placed(block, acted)
