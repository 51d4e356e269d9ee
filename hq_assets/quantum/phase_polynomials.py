"""Recognition of layered circuits: Hadamards and diagonal phases, as in Z, ZZ and IQP maps.

`recognise` reads the layers from the parameterized circuit itself and gives None for anything else.
Between two layers of Hadamards a state is only multiplied by phases exp(i f(b)), where f sums
angles times parities of the bits b (phase polynomials, arXiv:1303.2042); CNOTs between the phases
only change the parities. `layered_states` builds the states.
"""

from __future__ import annotations

from collections import defaultdict
from math import isfinite, pi
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ParameterExpression

from hq_assets.quantum.layered_states import LayeredCircuit, add_polynomial, qubits_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qiskit import QuantumCircuit

    from hq_assets.quantum.layered_states import PhaseBlock, Polynomial

_FIXED_PHASES = {"z": pi, "s": pi / 2, "sdg": -pi / 2, "t": pi / 4, "tdg": -pi / 4}
_NEUTRAL = frozenset({"barrier", "id"})


class _NotLayeredError(Exception):
    """The circuit holds something else than Hadamard layers and diagonal phases."""


def recognise(
    circuit: QuantumCircuit, parameters: Sequence[str] | None = None
) -> LayeredCircuit | None:
    """Read the layers of a circuit, or give None where it has another form.

    Args:
        circuit: Measurement-free circuit.
        parameters: Names in the order of a row's values; the circuit's own order if None.
    """
    names = (
        [parameter.name for parameter in circuit.parameters] if parameters is None else parameters
    )
    reader = _Reader(circuit.num_qubits, {name: index for index, name in enumerate(names)})
    bits = {bit: index for index, bit in enumerate(circuit.qubits)}
    try:
        for instruction in circuit.data:
            # A gate of another meaning may carry a standard name.
            if not (instruction.is_standard_gate() or instruction.name == "barrier"):
                return None
            qubits = [bits[bit] for bit in instruction.qubits]
            reader.read(instruction.name, instruction.params, qubits)
        return reader.layers(circuit.global_phase)
    except _NotLayeredError:
        return None


class _Reader:
    """Sorts the gates of a circuit into layers, each qubit as early as its gates allow."""

    def __init__(self, num_qubits: int, indices: Mapping[str, int]) -> None:
        self.num_qubits = num_qubits
        self.indices = indices
        self.level = [0] * num_qubits
        self.parity = [1 << qubit for qubit in range(num_qubits)]
        self.phases: defaultdict[int, PhaseBlock] = defaultdict(dict)
        self.hadamards: defaultdict[int, int] = defaultdict(int)
        self.global_phase: Polynomial = {}

    def read(self, name: str, params: Sequence[object], qubits: Sequence[int]) -> None:
        """Take the next gate.

        Raises:
            _NotLayeredError: The gate is neither a Hadamard, a CNOT nor a diagonal phase.
        """
        if name in _NEUTRAL:
            return
        if name == "h":
            self._hadamard(qubits[0])
        elif name == "cx":
            self._cnot(*qubits)
        elif name in _FIXED_PHASES:
            self._phase(qubits, _FIXED_PHASES[name], 1.0)
        elif name in {"p", "u1"}:
            self._phase(qubits, params[0], 1.0)
        elif name in {"rz", "rzz"}:
            self._phase(qubits, params[0], 1.0)
            self._global(params[0], -0.5)
        elif name in {"cz", "cp", "cu1"}:
            self._controlled_phase(qubits, params[0] if params else pi)
        else:
            raise _NotLayeredError

    def layers(self, global_phase: object) -> LayeredCircuit:
        """The layers, once all gates are read.

        Phases before the first Hadamards act on the all-zero state, where every parity is zero.

        Raises:
            _NotLayeredError: A qubit has no Hadamard, or the CNOTs leave a permutation behind.
        """
        everything = (1 << self.num_qubits) - 1
        if self.hadamards[0] != everything or not self._untangled(everything):
            raise _NotLayeredError
        self._global(global_phase, 1.0)
        depth = max(self.level)
        return LayeredCircuit(
            self.num_qubits,
            len(self.indices),
            tuple(self.phases[layer] for layer in range(1, depth + 1)),
            tuple(self.hadamards[layer] for layer in range(depth)),
            self.global_phase,
        )

    def _untangled(self, mask: int) -> bool:
        """True where the qubits of the mask carry exactly their own bit and no other does."""
        return all(
            parity == 1 << qubit if mask >> qubit & 1 else not parity & mask
            for qubit, parity in enumerate(self.parity)
        )

    def _hadamard(self, qubit: int) -> None:
        if not self._untangled(1 << qubit):
            raise _NotLayeredError
        self.hadamards[self.level[qubit]] |= 1 << qubit
        self.level[qubit] += 1

    def _join(self, mask: int) -> int:
        """Let the qubits of a mask wait for the latest of them; return their common level."""
        qubits = qubits_of(mask)
        level = max(self.level[qubit] for qubit in qubits)
        for qubit in qubits:
            self.level[qubit] = level
        return level

    def _cnot(self, control: int, target: int) -> None:
        self._join(self.parity[control] | self.parity[target])
        self.parity[target] ^= self.parity[control]

    def _phase(self, qubits: Sequence[int], angle: object, factor: float) -> None:
        mask = 0
        for qubit in qubits:
            mask ^= self.parity[qubit]
        block = self.phases[self._join(mask)]
        add_polynomial(block.setdefault(mask, {}), self._polynomial(angle), factor)

    def _controlled_phase(self, qubits: Sequence[int], angle: object) -> None:
        """A phase on a AND b = (a + b - (a XOR b)) / 2."""
        self._join(self.parity[qubits[0]] | self.parity[qubits[1]])
        self._phase(qubits[:1], angle, 0.5)
        self._phase(qubits[1:], angle, 0.5)
        self._phase(qubits, angle, -0.5)

    def _global(self, angle: object, factor: float) -> None:
        add_polynomial(self.global_phase, self._polynomial(angle), factor)

    def _polynomial(self, angle: object) -> Polynomial:
        if not isinstance(angle, ParameterExpression):
            return {(): float(angle)}  # type: ignore[arg-type]  # gate parameters are numbers
        # Looking up an equal expression costs as much as expanding it again.
        return _expand(angle, self.indices)


def _expand(expression: Any, indices: Mapping[str, int]) -> Polynomial:
    """Taylor coefficients of an expression whose second derivatives are constant.

    Raises:
        _NotLayeredError: The expression is not a real polynomial of degree two at most, or names a
            parameter that has no value.
    """
    try:
        parameters = sorted(
            (indices[parameter.name], parameter) for parameter in expression.parameters
        )
        polynomial: Polynomial = {(): _at_zero(expression)}
        for number, (index, parameter) in enumerate(parameters):
            slope = expression.gradient(parameter)
            polynomial[index,] = _at_zero(slope)
            if isinstance(slope, ParameterExpression):
                for other_index, other in parameters[number:]:
                    share = 0.5 if other_index == index else 1.0
                    curvature = _constant(slope.gradient(other))
                    polynomial[index, other_index] = share * curvature
    except (KeyError, RuntimeError, TypeError, ZeroDivisionError) as error:
        raise _NotLayeredError from error
    return {key: coefficient for key, coefficient in polynomial.items() if coefficient}


def _at_zero(value: Any) -> float:
    """An expression, or a number, where all parameters are zero."""
    if not isinstance(value, ParameterExpression):
        return _constant(value)
    return _constant(value.bind(dict.fromkeys(value.parameters, 0.0)))


def _constant(value: Any) -> float:
    """A finite real number, or the reason to leave the fast lane."""
    if isinstance(value, ParameterExpression):
        if value.parameters:
            raise _NotLayeredError
        value = value.numeric()
    number = complex(value)
    if number.imag or not isfinite(number.real):
        raise _NotLayeredError
    return number.real
