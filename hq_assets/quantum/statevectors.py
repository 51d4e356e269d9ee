"""States of parameterized circuits for many rows: prepared once, bound often.

Layered circuits take the fast lane of `layered_states`; all others run on the public engine, one
Aer run over all rows, which is also the reference of the fast lane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hq_assets.quantum.phase_polynomials import recognise
from hq_assets.quantum.simulator_target import ideal_simulator_target
from hq_assets.quantum.transpilation import compile_circuits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike
    from qiskit import QuantumCircuit

_NOT_PURE = frozenset(
    {"measure", "reset", "initialize", "if_else", "for_loop", "while_loop", "kraus"}
)
_BATCH_BYTES = 256 << 20


class StatePreparation:
    """A circuit made ready for many rows: recognised or compiled once, bound often.

    Attributes:
        fast: True where the circuit is layered and takes the fast lane.
    """

    def __init__(self, circuit: QuantumCircuit, parameters: Sequence[str] | None = None) -> None:
        """Recognise the circuit, or compile it for the simulator.

        Args:
            circuit: Measurement-free circuit on n qubits.
            parameters: Names in the order of a row's values; the circuit's own order if None.

        Raises:
            ValueError: The names are not the circuit's parameters.
            ValueError: The circuit measures, resets, branches or cannot be compiled.
        """
        own = [parameter.name for parameter in circuit.parameters]
        names = own if parameters is None else list(parameters)
        if sorted(names) != sorted(own):
            msg = (
                f"Parameters {names} were given, but the circuit has {own}. Name each of them once."
            )
            raise ValueError(msg)
        self._num_parameters = len(names)
        layered = recognise(circuit, names)
        self.fast = layered is not None
        self._lane = layered or AerStates(circuit, names)

    def states(self, values: ArrayLike) -> np.ndarray:
        """Compute the states U(x)|0> of all rows.

        Args:
            values: Parameter values of shape (rows, parameters) in radians.

        Returns:
            Amplitudes of shape (rows, 2^n), complex128, C order; qubit 0 is the lowest index bit.

        Raises:
            ValueError: The values do not fit the parameters or are not finite.
        """
        rows = np.asarray(values, dtype=np.float64)
        width = self._num_parameters
        if rows.ndim != 2 or rows.shape[1] != width:  # noqa: PLR2004 - rows and parameters
            msg = f"Values of shape {rows.shape} were given, but the circuit needs (rows, {width})."
            raise ValueError(msg)
        if not np.isfinite(rows).all():
            msg = "A parameter value is not finite. Clean the rows before encoding them."
            raise ValueError(msg)
        return self._lane.states(rows)


class AerStates:
    """A circuit compiled once for Aer's statevector method."""

    def __init__(self, circuit: QuantumCircuit, parameters: Sequence[str]) -> None:
        """Compile a circuit.

        Args:
            circuit: Measurement-free circuit on n qubits.
            parameters: Names in the order of a row's values.

        Raises:
            ValueError: The circuit measures, resets, branches or cannot be compiled.
        """
        from qiskit_aer import AerSimulator
        from qiskit_aer.library import SaveStatevector

        self._circuit = _compiled(circuit)
        places = {parameter.name: parameter for parameter in self._circuit.parameters}
        # Compilation may remove a parameter, as that of a rotation by 0 x.
        self._places = [(i, places[name]) for i, name in enumerate(parameters) if name in places]
        self._circuit.append(SaveStatevector(circuit.num_qubits), self._circuit.qubits)
        self._simulator = AerSimulator(method="statevector", max_parallel_threads=1)

    def states(self, values: np.ndarray) -> np.ndarray:
        """Compute the states U(x)|0> of all rows.

        Args:
            values: Parameter values of shape (rows, parameters) in radians.

        Returns:
            Amplitudes of shape (rows, 2^n), complex128, qubit 0 in the lowest bit of the index.
        """
        if not self._places:
            return np.repeat(self._run(values[:1]), values.shape[0], axis=0)
        result = np.empty((values.shape[0], 2**self._circuit.num_qubits), dtype=np.complex128)
        step = max(1, _BATCH_BYTES // (16 * result.shape[1]))
        for start in range(0, values.shape[0], step):
            result[start : start + step] = self._run(values[start : start + step])
        return result

    def _run(self, values: np.ndarray) -> np.ndarray:
        """States of a few rows, in one run."""
        binds = [{parameter: values[:, column] for column, parameter in self._places}]
        options = {"parameter_binds": binds} if self._places else {}
        result = self._simulator.run([self._circuit], shots=1, **options).result()
        return np.array([np.asarray(result.data(row)["statevector"]) for row in range(len(values))])


def _compiled(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit in gates of the simulator, qubits in place."""
    found = sorted(_NOT_PURE & set(circuit.count_ops()))
    if found:
        msg = (
            f"The circuit has {', '.join(found)}, but a state needs unitary gates only. "
            "Remove the measurements, or sample the circuit."
        )
        raise ValueError(msg)
    # Level 0 keeps every qubit where it is and every parameter in place.
    outcome = compile_circuits(
        [circuit], ideal_simulator_target(circuit.num_qubits), level=0, seed=0
    )[0]
    if outcome.circuit is None:
        msg = f"The circuit cannot be simulated: {outcome.reason}"
        raise ValueError(msg)
    return outcome.circuit
