"""Ideal distributions of circuits that measure at the end: by state vector or stabilizers.

Stabilizer states are uniform over an affine space of bitstrings: one outcome, shifted by the row
space of the X part of the stabilizer tableau (arXiv:quant-ph/0406196, section III). So a wide
Clifford circuit needs no vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford, Statevector

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
"""Operations times amplitudes of one state vector; about half a minute of one core."""


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
                message = (
                    f"no ideal reference: {census.operations:,} operations on {circuit.num_qubits} "
                    "qubits take too long"
                )
                raise NotApplicableError(message)
            bits, weights = statevector_outcomes(unitary, sorted(set(wiring.values())))
            method = STATEVECTOR
    except QiskitError as error:
        message = f"no ideal reference: {error.message}"
        raise NotApplicableError(message) from error
    columns = {qubit: column for column, qubit in enumerate(sorted(set(wiring.values())))}
    return Ideal(
        method,
        outcome_labels(circuit, {bit: columns[q] for bit, q in wiring.items()}, bits),
        weights,
    )


def split_measurements(circuit: QuantumCircuit) -> tuple[QuantumCircuit, dict[int, int]]:
    """The circuit without measurements, and classical bit → qubit that it reads, by index."""
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
        tableau = Clifford(unitary)
    except QiskitError as error:
        limit = settings.reference_max_qubits
        message = (
            f"no ideal reference: wider than {limit} qubits and not Clifford; "
            "raise reference_max_qubits"
        )
        raise NotApplicableError(message) from error
    start, directions = affine_support(tableau)
    basis = row_basis(directions[:, list(measured)])
    if 2 ** len(basis) > settings.reference_max_clifford_outcomes:
        message = (
            f"no ideal reference: 2^{len(basis)} outcomes and the limit is "
            f"{settings.reference_max_clifford_outcomes:,}; raise reference_max_clifford_outcomes"
        )
        raise NotApplicableError(message)
    bits = start[None, list(measured)]
    for direction in basis:
        bits = np.concatenate([bits, bits ^ direction])
    return bits, np.full(len(bits), 1.0 / len(bits))


def affine_support(tableau: Clifford) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Bitstrings that a stabilizer state holds: one, and the directions that lead to the others.

    Generators are kept as i^phase X^x Z^z. Elimination leaves pivots, whose x are the directions,
    and generators (-1)^(phase/2) Z^z, which say of every bitstring s that z·s = phase/2 modulo 2.

    Returns:
        A bitstring, shape (qubits,), qubit 0 first, and directions, shape (any, qubits).
    """
    x = np.asarray(tableau.stab_x).astype(np.uint8)
    z = np.asarray(tableau.stab_z).astype(np.uint8)
    phase = 2 * np.asarray(tableau.stab_phase).astype(np.int64) + np.sum(x & z, axis=1)
    free = np.ones(len(x), dtype=bool)
    for column in range(x.shape[1]):
        holders = np.flatnonzero(free & (x[:, column] == 1))
        if holders.size == 0:
            continue
        pivot, others = holders[0], holders[1:]
        free[pivot] = False
        # (X^a Z^b)(X^c Z^d) = (-1)^(b·c) X^(a+c) Z^(b+d)
        phase[others] += phase[pivot] + 2 * (z[others] @ x[pivot].astype(np.int64))
        x[others] ^= x[pivot]
        z[others] ^= z[pivot]
    return solve_parities(z[free], (phase[free] // 2) % 2), x[~free]


def solve_parities(matrix: NDArray[np.uint8], parities: NDArray[np.int64]) -> NDArray[np.uint8]:
    """One solution s of matrix · s = parities over GF(2), shape (columns,); a state has one."""
    rows = np.concatenate([matrix, parities[:, None].astype(np.uint8)], axis=1)
    solution = np.zeros(matrix.shape[1], dtype=np.uint8)
    pivots: list[tuple[int, int]] = []
    taken = np.zeros(len(rows), dtype=bool)
    for column in range(matrix.shape[1]):
        holders = np.flatnonzero(~taken & (rows[:, column] == 1))
        if holders.size == 0:
            continue
        pivot = int(holders[0])
        taken[pivot] = True
        others = np.flatnonzero(rows[:, column])
        rows[others[others != pivot]] ^= rows[pivot]
        pivots.append((pivot, column))
    for pivot, column in pivots:
        solution[column] = rows[pivot, -1]
    return solution


def row_basis(matrix: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """A basis of the row space over GF(2), by elimination."""
    rows = matrix.copy()
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
