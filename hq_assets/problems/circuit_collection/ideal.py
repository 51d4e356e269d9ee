"""Ideal, noiseless distributions of circuits that only measure at the end: by state vector or by stabilizers.

Stabilizer states are uniform over an affine space of bitstrings: one outcome, shifted by the row space of the
X part of the stabilizer tableau (arXiv:quant-ph/0406196, section III). So a wide Clifford circuit needs no vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford, StabilizerState, Statevector

from hq_assets.problems.circuit_collection.refusal import NotApplicableError
from hq_assets.problems.circuit_collection.structure import measures_only_at_the_end, take_census

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hq_assets.problems.circuit_collection.settings import Settings

STATEVECTOR = "ideal_statevector"
STABILIZER = "ideal_stabilizer"
SMALLEST_PROBABILITY = 1e-12
LARGEST_WORK = 2**31
"""Operations × amplitudes of one state vector; about half a minute of one core."""


@dataclass(frozen=True)
class Ideal:
    """An ideal distribution.

    Attributes:
        method: How it was computed.
        labels: Outcomes as counts show them, registers joined by one space, last declared leftmost.
        probabilities: float64, shape (outcomes,), sum 1.
    """

    method: str
    labels: Sequence[str]
    probabilities: NDArray[np.float64]


def ideal_distribution(circuit: QuantumCircuit, settings: Settings) -> Ideal:
    """Distribution of a bound circuit without noise.

    Raises:
        NotApplicableError: the circuit is no unitary with final measurements, or too large.
    """
    census = take_census(circuit, settings.max_operations)
    if census.controlled or census.resets or not measures_only_at_the_end(circuit):
        message = "no ideal reference: resets, control flow or measurements before the end"
        raise NotApplicableError(message)
    unitary, wiring = split_measurements(circuit)
    try:
        if circuit.num_qubits > settings.reference_max_qubits:
            bits, weights = stabilizer_outcomes(unitary, sorted(set(wiring.values())), settings)
            method = STABILIZER
        else:
            if census.operations * 2**circuit.num_qubits > LARGEST_WORK:
                message = f"no ideal reference: {census.operations:,} operations on {circuit.num_qubits} qubits take too long"
                raise NotApplicableError(message)
            bits, weights = statevector_outcomes(unitary, sorted(set(wiring.values())))
            method = STATEVECTOR
    except QiskitError as error:
        raise NotApplicableError(f"no ideal reference: {error.message}") from error
    columns = {qubit: column for column, qubit in enumerate(sorted(set(wiring.values())))}
    return Ideal(
        method,
        outcome_labels(circuit, {bit: columns[q] for bit, q in wiring.items()}, bits),
        weights,
    )


def split_measurements(circuit: QuantumCircuit) -> tuple[QuantumCircuit, dict[int, int]]:
    """The circuit without measurements, and which qubit each classical bit reads: bit index → qubit index."""
    unitary = QuantumCircuit(circuit.num_qubits, global_phase=circuit.global_phase)
    wiring: dict[int, int] = {}
    for instruction in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        if instruction.operation.name == "measure":
            wiring[circuit.find_bit(instruction.clbits[0]).index] = qubits[0]
        elif instruction.operation.name != "barrier":
            unitary.append(instruction.operation, qubits)
    return unitary, wiring


def statevector_outcomes(
    unitary: QuantumCircuit, measured: Sequence[int]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Outcomes of the measured qubits with probability above 1e-12.

    Returns:
        Bits, shape (outcomes, measured qubits), and probabilities, shape (outcomes,).
    """
    probabilities = np.abs(Statevector(unitary).data) ** 2
    index = np.arange(probabilities.size)
    key = np.zeros(probabilities.size, dtype=np.int64)
    for column, qubit in enumerate(measured):
        key |= ((index >> qubit) & 1) << column
    marginal = np.bincount(key, weights=probabilities, minlength=2 ** len(measured))
    kept = np.flatnonzero(marginal > SMALLEST_PROBABILITY)
    bits = (kept[:, None] >> np.arange(len(measured))) & 1
    return bits.astype(np.uint8), marginal[kept] / marginal[kept].sum()


def stabilizer_outcomes(
    unitary: QuantumCircuit, measured: Sequence[int], settings: Settings
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Outcomes of the measured qubits of a Clifford circuit, all equally probable.

    Returns:
        Bits, shape (outcomes, measured qubits), and probabilities, shape (outcomes,).

    Raises:
        NotApplicableError: not Clifford, or more outcomes than the limit.
    """
    try:
        state = StabilizerState(Clifford(unitary))
    except QiskitError as error:
        limit = settings.reference_max_qubits
        message = f"no ideal reference: wider than {limit} qubits and not Clifford; raise reference_max_qubits"
        raise NotApplicableError(message) from error
    directions = row_basis(np.asarray(state.clifford.stab_x)[:, list(measured)])
    if 2 ** len(directions) > settings.reference_max_clifford_outcomes:
        message = (
            f"no ideal reference: 2^{len(directions)} outcomes and the limit is "
            f"{settings.reference_max_clifford_outcomes:,}; raise reference_max_clifford_outcomes"
        )
        raise NotApplicableError(message)
    state.seed(0)  # which outcome is the starting point changes nothing but the order
    text, _ = state.measure(list(measured))
    bits = np.array([[int(char) for char in reversed(text)]], dtype=np.uint8)
    for direction in directions:
        bits = np.concatenate([bits, bits ^ direction])
    return bits, np.full(len(bits), 1.0 / len(bits))


def row_basis(matrix: NDArray[np.bool_]) -> list[NDArray[np.uint8]]:
    """A basis of the row space over GF(2), by elimination."""
    rows = matrix.astype(np.uint8)
    basis: list[NDArray[np.uint8]] = []
    for column in range(rows.shape[1]):
        holders = np.flatnonzero(rows[:, column])
        if holders.size == 0:
            continue
        pivot = rows[holders[0]].copy()
        rows[holders] ^= pivot
        basis.append(pivot)
    return basis


def outcome_labels(
    circuit: QuantumCircuit, columns: dict[int, int], bits: NDArray[np.uint8]
) -> list[str]:
    """Bitstrings as counts show them.

    Args:
        circuit: The circuit with its classical registers.
        columns: Index of a classical bit → column of `bits`; bits never measured are 0.
        bits: Shape (outcomes, columns).
    """
    parts: list[NDArray[np.uint8]] = []
    space = np.full((len(bits), 1), ord(" "), dtype=np.uint8)
    zero = np.full((len(bits), 1), ord("0"), dtype=np.uint8)
    for register in reversed(circuit.cregs):
        if parts:
            parts.append(space)
        for bit in reversed(list(register)):
            column = columns.get(circuit.find_bit(bit).index)
            parts.append(zero if column is None else bits[:, [column]] + ord("0"))
    characters = np.ascontiguousarray(np.concatenate(parts, axis=1).astype(np.uint8))
    return [row.tobytes().decode("ascii") for row in characters]
