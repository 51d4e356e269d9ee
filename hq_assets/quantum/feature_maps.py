"""Circuits of the encodings: feature maps U(x) and the pair circuits U(left) U(right)†.

Every circuit is parameterized, so that it is compiled once and bound to many rows; the parameters
are in the order of the values of an encoded row. Nothing here executes.
"""

from __future__ import annotations

from itertools import combinations
from math import pi
from typing import TYPE_CHECKING

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import zz_feature_map

from hq_assets.quantum.encodings import check_encoding, encoding_rule

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def feature_map(
    encoding: str,
    num_qubits: int,
    reps: int = 1,
    entanglement: str | None = None,
    prefix: str = "x",
) -> QuantumCircuit:
    """Construct the measurement-free circuit U(x) of an encoding.

    Args:
        encoding: Name of the encoding.
        num_qubits: Number of qubits.
        reps: Number of repetitions.
        entanglement: Pattern of entangled pairs, for encodings that have one.
        prefix: Name of the parameter vector; element i takes value i of an encoded row.

    Raises:
        ValueError: The choice breaks a rule of the encoding.
    """
    messages = check_encoding(encoding, num_qubits, entanglement=entanglement, reps=reps)
    if messages:
        raise ValueError(" ".join(messages))
    size = encoding_rule(encoding).num_parameters(num_qubits)
    x = ParameterVector(prefix, size)
    if encoding == "zz":
        circuit = zz_feature_map(
            num_qubits, reps=reps, entanglement=str(entanglement), parameter_prefix=prefix
        )
    elif encoding == "iqp":
        circuit = _iqp(num_qubits, x, reps, str(entanglement))
    elif encoding == "amplitude":
        circuit = _amplitude(num_qubits, x)
    else:
        circuit = _product(num_qubits, x, encoding)
    circuit.name = f"{encoding}_map"
    return circuit


def pair_circuit(
    encoding: str, num_qubits: int, reps: int = 1, entanglement: str | None = None
) -> QuantumCircuit:
    """Construct the fidelity circuit of two rows: U(left), then U(right)†, then a measurement.

    The probability of the all-zero outcome is |<U(right)|U(left)>|² (arXiv:1804.11326). The
    parameters `left[0..]` stand before `right[0..]`, and the one classical register is `meas`.

    Raises:
        ValueError: The choice breaks a rule of the encoding.
    """
    left = feature_map(encoding, num_qubits, reps, entanglement, prefix="left")
    right = feature_map(encoding, num_qubits, reps, entanglement, prefix="right")
    meas = ClassicalRegister(num_qubits, "meas")
    circuit = QuantumCircuit(left.qubits, *left.qregs, meas, name=f"{encoding}_pair")
    circuit.compose(left, inplace=True)
    circuit.compose(right.inverse(), inplace=True)
    circuit.barrier()
    circuit.measure(range(num_qubits), meas)
    return circuit


def entangled_pairs(num_qubits: int, entanglement: str) -> list[tuple[int, int]]:
    """Pairs of qubits that a pattern entangles, in order.

    `linear` is the chain, `circular` closes it for more than two qubits, `full` takes all pairs.
    """
    if entanglement == "full":
        return list(combinations(range(num_qubits), 2))
    chain = [(qubit, qubit + 1) for qubit in range(num_qubits - 1)]
    if entanglement == "circular" and num_qubits > 2:  # noqa: PLR2004 - two qubits have one pair
        return [(num_qubits - 1, 0), *chain]
    return chain


def _product(num_qubits: int, x: ParameterVector, encoding: str) -> QuantumCircuit:
    """RY(x) on every qubit (angle), or RX(pi x) (basis)."""
    circuit = QuantumCircuit(num_qubits)
    for qubit in range(num_qubits):
        if encoding == "angle":
            circuit.ry(x[qubit], qubit)
        else:
            circuit.rx(pi * x[qubit], qubit)
    return circuit


def _iqp(num_qubits: int, x: ParameterVector, reps: int, entanglement: str) -> QuantumCircuit:
    """Repeated Hadamards, RZ(x_i), RZZ(x_i x_j)."""
    circuit = QuantumCircuit(num_qubits)
    for _ in range(reps):
        circuit.h(range(num_qubits))
        for qubit in range(num_qubits):
            circuit.rz(x[qubit], qubit)
        for one, other in entangled_pairs(num_qubits, entanglement):
            circuit.rzz(x[one] * x[other], one, other)
    return circuit


def _amplitude(num_qubits: int, x: ParameterVector) -> QuantumCircuit:
    """A tree of multiplexed RY rotations, from the highest qubit to the lowest.

    Level k rotates qubit n-1-k under the control of all higher qubits: 2^k rotations alternate with
    2^k CNOTs whose control follows the Gray code (arXiv:quant-ph/0407010). The parameters are the
    rotations in the order of the circuit.
    """
    circuit = QuantumCircuit(num_qubits)
    circuit.ry(x[0], num_qubits - 1)
    for level in range(1, num_qubits):
        target = num_qubits - 1 - level
        gray = _gray_codes(level)
        for step, code in enumerate(gray):
            circuit.ry(x[2**level - 1 + step], target)
            changed = int(code ^ gray[(step + 1) % gray.size])
            circuit.cx(target + changed.bit_length(), target)
    return circuit


def _gray_codes(num_bits: int) -> np.ndarray:
    """The Gray code of 0..2^num_bits - 1."""
    steps = np.arange(2**num_bits)
    return steps ^ (steps >> 1)


def amplitude_angles(vectors: ArrayLike, num_qubits: int) -> np.ndarray:
    """Compute the parameters with which the amplitude map prepares real vectors, signs included.

    Args:
        vectors: Real features of shape (rows, d), d <= 2^num_qubits; missing amplitudes are zero.
        num_qubits: Number of qubits of the map.

    Returns:
        Angles of shape (rows, 2^num_qubits - 1) in radians, in the order of the map's parameters.
        The prepared amplitudes are the rows divided by their norms; entry i belongs to the basis
        state whose bitstring is i in binary, qubit 0 rightmost.

    Raises:
        ValueError: The shape does not fit, a value is not finite, or a row is zero.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    size = 2**num_qubits
    if rows.ndim != 2 or not 1 <= rows.shape[1] <= size:  # noqa: PLR2004 - rows and features
        msg = f"Vectors of shape {rows.shape} need two axes and 1 to {size} features."
        raise ValueError(msg)
    largest = np.abs(rows).max(axis=1, keepdims=True)
    if not np.isfinite(largest).all() or not (largest > 0).all():
        msg = "A vector has a value that is not finite, or is all zero. Drop it while cleaning."
        raise ValueError(msg)
    below = np.zeros((rows.shape[0], size))
    below[:, : rows.shape[1]] = rows / largest
    angles = np.empty((rows.shape[0], size - 1))
    for level in reversed(range(num_qubits)):
        left, right = below[:, 0::2], below[:, 1::2]
        conditional = 2 * np.arctan2(right, left)
        angles[:, 2**level - 1 : 2 ** (level + 1) - 1] = _uniform_rotations(conditional, level)
        below = np.hypot(left, right)
    return angles


def _uniform_rotations(conditional: np.ndarray, level: int) -> np.ndarray:
    """Rotations of a multiplexed RY from the angles wanted per value of its controls.

    Rotation s is the mean of the angles, with sign (-1)^popcount(value & gray(s)).
    """
    size = 2**level
    transformed = conditional
    for bit in range(level):
        pair = transformed.reshape(-1, size >> (bit + 1), 2, 1 << bit)
        one, other = pair[:, :, 0], pair[:, :, 1]
        transformed = np.stack([one + other, one - other], axis=2).reshape(-1, size)
    return transformed[:, _gray_codes(level)] / size
