"""States of arbitrary circuits by the public engine: one Aer run over all parameter rows.

This is the lane for circuits without a closed form, and the reference of the fast lane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hq_assets.quantum.simulator_target import ideal_simulator_target
from hq_assets.quantum.transpilation import compile_circuits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit

_NOT_PURE = frozenset(
    {"measure", "reset", "initialize", "if_else", "for_loop", "while_loop", "kraus"}
)
_BATCH_BYTES = 256 << 20


def aer_states(
    circuit: QuantumCircuit, values: np.ndarray, parameters: Sequence[str] | None = None
) -> np.ndarray:
    """Compute the states U(x)|0> of all rows with Aer, compiled once and bound per row.

    Args:
        circuit: Measurement-free circuit on n qubits.
        values: Parameter values of shape (rows, parameters) in radians.
        parameters: Names in the order of a row's values; the circuit's own order if None.

    Returns:
        Amplitudes of shape (rows, 2^n), complex128, qubit 0 in the lowest bit of the index.

    Raises:
        ValueError: The circuit measures, resets, branches or cannot be compiled for the simulator.
    """
    from qiskit_aer import AerSimulator
    from qiskit_aer.library import SaveStatevector

    compiled = _compiled(circuit)
    compiled.append(SaveStatevector(compiled.num_qubits), compiled.qubits)
    simulator = AerSimulator(method="statevector", max_parallel_threads=1)
    rows, dimension = values.shape[0], 2**circuit.num_qubits
    result = np.empty((rows, dimension), dtype=np.complex128)
    by_name = {parameter.name: parameter for parameter in compiled.parameters}
    names = (
        [parameter.name for parameter in circuit.parameters] if parameters is None else parameters
    )
    step = max(1, _BATCH_BYTES // (16 * dimension)) if names else 1
    for start in range(0, rows, step):
        part = values[start : start + step]
        binds = [{by_name[name]: part[:, i] for i, name in enumerate(names) if name in by_name}]
        run = simulator.run([compiled], parameter_binds=binds if names else None, shots=1).result()
        for row in range(part.shape[0]):
            result[start + row] = np.asarray(run.data(row)["statevector"])
    return result if names else np.repeat(result[:1], rows, axis=0)


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
