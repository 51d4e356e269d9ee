"""Exact states and overlaps |<U(l)|U(r)>|² of parameterized circuits, and their shot noise.

Layered circuits (Hadamards and diagonal phases) take a fast lane; all others run as one Aer batch.
Kernels are one rank-k product of BLAS instead of a loop over pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import get_blas_funcs

from hq_assets.quantum.statevectors import StatePreparation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike
    from qiskit import QuantumCircuit

DEFAULT_MAX_BYTES = 2 << 30
_ROUNDING = 1e-9
_TILE_ROWS = 256
_GATHER_BYTES = 32 << 20
_DENSE_SHARE = 1 / 16  # a tile costs about as much by BLAS as 1/16 of its pairs one by one


def states(
    circuit: QuantumCircuit, values: ArrayLike, parameters: Sequence[str] | None = None
) -> np.ndarray:
    """Compute the states of all rows of one circuit; see `StatePreparation`."""
    return StatePreparation(circuit, parameters).states(values)


def kernel_matrix(rows: np.ndarray) -> np.ndarray:
    """Compute the fidelity kernel of states with themselves.

    Args:
        rows: Normalized states of shape (rows, dimension), complex128; C order avoids a copy.

    Returns:
        |<i|j>|² of shape (rows, rows), exactly symmetric, in [0, 1].
    """
    # The transpose of a C-ordered array is Fortran-ordered, which BLAS reads without a copy.
    (herk,) = get_blas_funcs(("herk",), dtype=np.complex128)
    upper = np.triu(_squared(herk(1.0, rows.T, trans=2)))
    return upper + np.triu(upper, 1).T


def cross_kernel(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Compute the fidelity kernel of states with other states.

    Args:
        left: Normalized states of shape (rows_left, dimension), complex128.
        right: Normalized states of shape (rows_right, dimension), complex128.

    Returns:
        |<i|j>|² of shape (rows_left, rows_right), in [0, 1].
    """
    (gemm,) = get_blas_funcs(("gemm",), dtype=np.complex128)
    return np.ascontiguousarray(_squared(gemm(1.0, left.T, right.T, trans_a=2)))


def _squared(overlaps: np.ndarray) -> np.ndarray:
    """|.|² in [0, 1]: rounding may exceed 1 by 1e-15."""
    return np.minimum(np.square(np.real(overlaps)) + np.square(np.imag(overlaps)), 1.0)


def pair_overlaps(left: np.ndarray, right: np.ndarray, pairs: ArrayLike) -> np.ndarray:
    """Compute |<l|r>|² for listed pairs of states.

    The pairs are sorted into tiles of rows; a tile that is well covered is one BLAS product, a
    sparse one is computed pair by pair. Copies of rows are bounded by two tiles.

    Args:
        left: Normalized states of shape (rows_left, dimension), complex128.
        right: States of shape (rows_right, dimension); the same object for a kernel with itself.
        pairs: Indices of shape (pairs, 2): left row, right row.

    Returns:
        Overlaps of shape (pairs,), in [0, 1].

    Raises:
        ValueError: An index is negative or beyond the rows.
    """
    index = _checked_pairs(pairs, left.shape[0], right.shape[0])
    same = left is right
    if same:
        used, flat = np.unique(index, return_inverse=True)
        compact = flat.reshape(index.shape)
        left_rows = right_rows = used
    else:
        left_rows, compact_left = np.unique(index[:, 0], return_inverse=True)
        right_rows, compact_right = np.unique(index[:, 1], return_inverse=True)
        compact = np.stack([compact_left, compact_right], axis=1)
    result = np.empty(index.shape[0])
    for tile, members in _tiles(compact):
        rows = [_tile(left_rows, tile[0]), _tile(right_rows, tile[1])]
        local = compact[members] - np.array(tile) * _TILE_ROWS
        if members.size < _DENSE_SHARE * rows[0].size * rows[1].size:
            result[members] = _pair_by_pair(left, right, index[members])
        elif same and tile[0] == tile[1]:
            result[members] = kernel_matrix(left[rows[0]])[local[:, 0], local[:, 1]]
        else:
            result[members] = cross_kernel(left[rows[0]], right[rows[1]])[local[:, 0], local[:, 1]]
    return result


def _checked_pairs(pairs: ArrayLike, rows_left: int, rows_right: int) -> np.ndarray:
    """Pairs as an int64 array of shape (pairs, 2) within the rows."""
    index = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    if index.size and (index.min() < 0 or (index.max(axis=0) >= (rows_left, rows_right)).any()):
        msg = (
            f"Pairs reach {index.max(axis=0).tolist()} and {index.min()}, but there are "
            f"{rows_left} left and {rows_right} right rows. Number the rows from zero."
        )
        raise ValueError(msg)
    return index


def _tiles(compact: np.ndarray) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Tiles that hold pairs: (left tile, right tile) and the positions of their pairs."""
    tiles = compact // _TILE_ROWS
    width = int(tiles[:, 1].max(initial=0)) + 1
    keys = tiles[:, 0] * width + tiles[:, 1]
    order = np.argsort(keys, kind="stable")
    different, starts = np.unique(keys[order], return_index=True)
    for key, members in zip(different, np.split(order, starts)[1:], strict=True):
        yield (int(key) // width, int(key) % width), members


def _tile(rows: np.ndarray, number: int) -> np.ndarray:
    return rows[number * _TILE_ROWS : (number + 1) * _TILE_ROWS]


def _pair_by_pair(left: np.ndarray, right: np.ndarray, index: np.ndarray) -> np.ndarray:
    """|<l|r>|² of shape (pairs,), gathering a bounded number of states at a time."""
    step = max(1, _GATHER_BYTES // (16 * left.shape[1]))
    result = np.empty(index.shape[0])
    for start in range(0, index.shape[0], step):
        part = index[start : start + step]
        overlaps = np.einsum("ij,ij->i", left[part[:, 0]].conj(), right[part[:, 1]])
        result[start : start + step] = _squared(overlaps)
    return result


def exact_overlaps(
    circuit: QuantumCircuit,
    values: ArrayLike,
    pairs: ArrayLike,
    parameters: Sequence[str] | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> np.ndarray:
    """Compute |<U(l)|U(r)>|² for listed pairs of parameter rows, with bounded memory.

    All states are kept where they fit; else they are made in blocks of rows, again for every block
    they meet.

    Args:
        circuit: Measurement-free circuit U on n qubits.
        values: Parameter values of shape (rows, parameters) in radians.
        pairs: Indices of shape (pairs, 2): left row, right row.
        parameters: Names in the order of a row's values; the circuit's own order if None.
        max_bytes: Limit for the states held at a time.

    Returns:
        Overlaps of shape (pairs,), in [0, 1].

    Raises:
        ValueError: Values, pairs or circuit are not usable, or two states exceed `max_bytes`.
    """
    rows = np.asarray(values, dtype=np.float64)
    index = _checked_pairs(pairs, rows.shape[0], rows.shape[0])
    row_bytes = 16 * 2**circuit.num_qubits
    if 2 * row_bytes > max_bytes:
        msg = (
            f"Two states of {circuit.num_qubits} qubits need {2 * row_bytes} bytes, more than the "
            f"{max_bytes} allowed. Use fewer qubits or sample the pair circuits."
        )
        raise ValueError(msg)
    prepared = StatePreparation(circuit, parameters)
    used, flat = np.unique(index, return_inverse=True)
    compact = flat.reshape(index.shape)
    if used.size * row_bytes <= max_bytes:
        every = prepared.states(rows[used])
        return pair_overlaps(every, every, compact)
    return _overlaps_in_blocks(prepared, rows[used], compact, max_bytes // row_bytes // 2)


def _overlaps_in_blocks(
    prepared: StatePreparation, rows: np.ndarray, index: np.ndarray, block_rows: int
) -> np.ndarray:
    """Overlaps of shape (pairs,) with at most two blocks of states at a time."""
    result = np.empty(index.shape[0])
    blocks = index // block_rows
    for first in np.unique(blocks[:, 0]):
        left = prepared.states(rows[first * block_rows : (first + 1) * block_rows])
        for second in np.unique(blocks[blocks[:, 0] == first, 1]):
            members = np.flatnonzero((blocks == (first, second)).all(axis=1))
            right = left
            if second != first:
                right = prepared.states(rows[second * block_rows : (second + 1) * block_rows])
            local = index[members] - np.array([first, second]) * block_rows
            result[members] = pair_overlaps(left, right, local)
    return result


def binomial_counts(
    probabilities: ArrayLike, shots: int, seed: np.random.Generator | int | None
) -> np.ndarray:
    """Draw how often an outcome of known probability appears: the exact shot noise of sampling it.

    Args:
        probabilities: Probabilities of any shape.
        shots: Shots per entry.
        seed: Seed or generator.

    Returns:
        Counts of the same shape, int64, 0 to `shots`.

    Raises:
        ValueError: A probability lies outside [0, 1] by more than rounding, or shots are below 1.
    """
    given = np.asarray(probabilities, dtype=np.float64)
    if shots < 1:
        msg = f"{shots} shots were given, but at least 1 is needed."
        raise ValueError(msg)
    if not (np.abs(given - 0.5) <= 0.5 + _ROUNDING).all():
        msg = "A probability lies outside 0 to 1 or is not a number. Give squared overlaps."
        raise ValueError(msg)
    return np.random.default_rng(seed).binomial(shots, np.clip(given, 0.0, 1.0)).astype(np.int64)


def kernel_std(value: ArrayLike, shots: int) -> np.ndarray:
    """Standard error of a kernel entry estimated from shots.

    The half width of the Wilson interval at one standard deviation
    (doi:10.1080/01621459.1927.10502953): it tends to sqrt(p (1 - p) / shots), but is not zero where
    all or no shots hit.

    Args:
        value: Estimated entries in [0, 1], any shape.
        shots: Shots per entry.

    Returns:
        Standard errors of the same shape.

    Raises:
        ValueError: Shots are below 1.
    """
    if shots < 1:
        msg = f"{shots} shots were given, but at least 1 is needed. An exact entry has the error 0."
        raise ValueError(msg)
    p = np.clip(np.asarray(value, dtype=np.float64), 0.0, 1.0)
    return np.sqrt(p * (1 - p) / shots + 1 / (4 * shots**2)) / (1 + 1 / shots)
