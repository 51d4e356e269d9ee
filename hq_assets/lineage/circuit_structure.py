"""A circuit as lines of canonical JSON: what it does, and nothing of how or where it was built.

Left out are the circuit's name, metadata, layout and schedule, UUIDs, the names that Qiskit makes
up (`circuit-160`, `_loop_i_3`, the number behind a quantum register's name), and the order in which
a control flow block lists its bits. Blocks are written in the bit numbers of the outermost circuit,
because a builder collects their bits in sets.
"""

from __future__ import annotations

import enum
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from hq_assets.lineage.circuit_scope import (
    Scope,
    describe_registers,
    describe_variables,
    inherited_numbers,
    positions,
)
from hq_assets.lineage.circuit_values import describe_array, plain_fields
from hq_assets.lineage.classical_expression import describe_expression
from hq_assets.lineage.parameter_expression import EXACT_INTEGER, canonical_expression, number_bits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qiskit import QuantumCircuit

_AUTOMATIC_CIRCUIT_NAME = re.compile(r"circuit-\d+(?:-\d+)?")
_AUTOMATIC_LOOP_PARAMETER = re.compile(r"_loop_i_\d+")
_LIBRARY = "qiskit.circuit.library."
_PARAMETERS_SUFFICE = {
    "unitary", "initialize", "state_preparation", "permutation", "pauli", "diagonal",
    "hamiltonian", "isometry", "mcx", "mcphase",
}  # fmt: skip
"""Library operations whose parameters say everything; deriving their definitions costs seconds."""


def circuit_lines(circuit: QuantumCircuit, *, automatic_labels: bool = False) -> Iterator[str]:
    """Yield the canonical lines of a circuit: a header, then one line per instruction.

    Args:
        circuit: Any circuit.
        automatic_labels: Whether the number behind a classical register's name counts only by its
            order (`c7, c9` as `c0, c1`).

    Raises:
        TypeError: The circuit holds an operation or a parameter that cannot be described.
    """
    return _Description(automatic_labels).lines(circuit)


class _Description:
    def __init__(self, automatic_labels: bool) -> None:
        self._automatic_labels = automatic_labels
        self._digests: dict[tuple[int, str], tuple[Any, str]] = {}

    def lines(self, circuit: QuantumCircuit) -> Iterator[str]:
        scope = Scope(positions(circuit.qubits), positions(circuit.clbits), {})
        header = [
            "circuit",
            circuit.num_qubits,
            circuit.num_clbits,
            describe_registers(circuit.qregs, scope.qubits, by_order=True),
            describe_registers(circuit.cregs, scope.clbits, by_order=self._automatic_labels),
            self._scope_header(circuit, scope),
        ]
        yield _json(header)
        for instruction in circuit.data:
            yield _json(self._instruction(instruction, scope))

    def _scope_header(self, circuit: QuantumCircuit, scope: Scope) -> list[Any]:
        return [
            self._value(circuit.global_phase, scope),
            describe_variables(circuit.iter_input_vars()),
            describe_variables(circuit.iter_captured_vars()),
            describe_variables(circuit.iter_declared_vars()),
            describe_variables(circuit.iter_captured_stretches()),
            describe_variables(circuit.iter_declared_stretches()),
        ]

    def _instruction(self, instruction: Any, scope: Scope) -> list[Any]:
        qubits = [scope.qubits[bit] for bit in instruction.qubits]
        clbits = [scope.clbits[bit] for bit in instruction.clbits]
        if instruction.is_standard_gate():
            params = [self._value(value, scope) for value in instruction.params]
            return [instruction.name, params, qubits, clbits, instruction.label]
        operation = instruction.operation
        if instruction.is_control_flow():
            content = self._control_flow(operation, instruction, scope)
            return ["control flow", content, sorted(qubits), sorted(clbits), operation.label]
        return [self._operation(operation, scope), qubits, clbits]

    def _operation(self, operation: Any, scope: Scope) -> list[Any]:
        if hasattr(operation, "tableau"):
            return ["tableau", operation.name, self._value(operation.tableau, scope)]
        if hasattr(operation, "modifiers"):
            modifiers = [self._value(modifier, scope) for modifier in operation.modifiers]
            return ["annotated", self._operation(operation.base_op, scope), modifiers]
        if not hasattr(operation, "params"):
            message = (
                f"The operation {operation.name!r} of type {type(operation).__name__} has neither "
                "parameters nor a definition to fingerprint. Decompose it into gates first."
            )
            raise TypeError(message)
        definition = self._definition(operation, scope)
        name = operation.name
        if definition is not None:
            name = _AUTOMATIC_CIRCUIT_NAME.sub("circuit-", name)
        base = getattr(operation, "base_gate", None)
        return [
            name,
            [self._value(value, scope) for value in operation.params],
            operation.num_qubits,
            operation.num_clbits,
            operation.label,
            getattr(operation, "unit", None),
            getattr(operation, "ctrl_state", None),
            getattr(operation, "_subtype", None),  # which of Aer's save instructions it is
            None if base is None else self._operation(base, scope),
            definition,
        ]

    def _definition(self, operation: Any, scope: Scope) -> str | None:
        cls = getattr(operation, "base_class", type(operation))  # singletons have no module
        described = str(cls.__module__).startswith(_LIBRARY)
        if getattr(operation, "_standard_gate", None) is not None and described:
            return None
        if operation.name in _PARAMETERS_SUFFICE and described:
            return None
        definition = operation.definition
        return None if definition is None else self._digest(definition, scope)

    def _digest(self, circuit: QuantumCircuit, scope: Scope) -> str:
        """Return the hash of a circuit with bit numbers of its own; each object is read once."""
        key = (id(circuit), json.dumps(scope.loops, sort_keys=True))
        if key not in self._digests:
            hasher = hashlib.sha256()
            inner = Scope(positions(circuit.qubits), positions(circuit.clbits), scope.loops)
            hasher.update(_json(self._block(circuit, inner)).encode())
            # The circuit is kept, because its id may be given away once it is gone.
            self._digests[key] = (circuit, hasher.hexdigest())
        return self._digests[key][1]

    def _block(self, circuit: QuantumCircuit, scope: Scope) -> list[Any]:
        body = [self._instruction(instruction, scope) for instruction in circuit.data]
        return [self._scope_header(circuit, scope), body]

    def _control_flow(self, operation: Any, instruction: Any, scope: Scope) -> list[Any]:
        loops = dict(scope.loops)
        facts = _control_facts(operation, loops)
        blocks: list[Any] = []
        for block in operation.blocks:
            qubits = inherited_numbers(block.qubits, instruction.qubits, scope.qubits)
            clbits = inherited_numbers(block.clbits, instruction.clbits, scope.clbits)
            blocks.append(self._block(block, Scope(qubits, clbits, loops)))
        inner = Scope(scope.qubits, scope.clbits, loops)
        return [operation.name, [self._value(fact, inner) for fact in facts], blocks]

    def _value(self, value: Any, scope: Scope) -> Any:  # noqa: C901, PLR0911, PLR0912 - one line per type that a circuit may hold
        if isinstance(value, float):  # the common case, before the imports below cost anything
            return ["number", number_bits(value)]

        import numpy as np
        from qiskit import QuantumCircuit
        from qiskit.circuit import CASE_DEFAULT, ClassicalRegister, Clbit, ParameterExpression
        from qiskit.circuit.classical import expr

        if isinstance(value, np.generic):
            value = value.item()
        match value:
            case None | str():
                return value
            case float() | complex():
                return ["number", number_bits(value)]
            case enum.Enum():
                return ["enum", type(value).__name__, value.name]
            case int():  # QPY turns whole numbers into floats, and a condition's 0 into False
                exact = abs(value) <= EXACT_INTEGER
                return ["number", number_bits(value)] if exact else ["integer", value]
            case ParameterExpression():
                if not value.parameters:
                    return self._value(value.numeric(), scope)
                return ["expression", canonical_expression(value, scope.key_of)]
            case np.ndarray():
                return describe_array(value)
            case expr.Expr():
                return ["classical", describe_expression(value, scope.clbits)]
            case Clbit():
                return ["clbit", scope.clbits[value]]
            case ClassicalRegister():
                return ["register", [scope.clbits[bit] for bit in value]]
            case QuantumCircuit():
                return ["circuit", self._digest(value, scope)]
            case range():
                return ["range", value.start, value.stop, value.step]
            case list() | tuple():
                return ["list", [self._value(item, scope) for item in value]]
            case dict():
                pairs = [[self._value(k, scope), self._value(v, scope)] for k, v in value.items()]
                return ["mapping", sorted(pairs, key=_json)]
        if value is CASE_DEFAULT:
            return ["default case"]
        content = plain_fields(value)
        if content is None:
            message = (
                f"A parameter of type {type(value).__name__} cannot be fingerprinted. "
                "Use numbers, arrays, parameter expressions or circuits."
            )
            raise TypeError(message)
        return [type(value).__qualname__, self._value(content, scope)]


def _control_facts(operation: Any, loops: dict[str, int]) -> list[Any]:
    """Return what a control flow operation holds besides its blocks; note automatic loop names."""
    match operation.name:
        case "if_else" | "while_loop":
            return [operation.condition, len(operation.blocks)]
        case "switch_case":
            return [operation.target, [list(labels) for labels, _ in operation.cases_specifier()]]
        case "for_loop":
            indexset, parameter, _ = operation.params
            name = getattr(parameter, "name", None)
            if isinstance(name, str) and _AUTOMATIC_LOOP_PARAMETER.fullmatch(name):
                loops[name] = len(loops)
            return [indexset if isinstance(indexset, range) else list(indexset), parameter]
        case "box":
            return [operation.duration, operation.unit, list(operation.annotations)]
        case _:
            return []


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
