"""States of layered circuits for many rows at once: the fast lane of exact kernels.

A layered circuit starts with Hadamards on all qubits and alternates diagonal phases and Hadamards;
`phase_polynomials` recognises it in a circuit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Polynomial = dict[tuple[int, ...], float]
"""Coefficients by monomial of degree 0 to 2; a monomial is its parameters' ascending indices."""

PhaseBlock = dict[int, Polynomial]
"""Angle by parity: the mask of the qubits whose XOR it multiplies."""

_CHUNK_BYTES = (1 << 17, 1 << 21)  # larger buffers are mapped anew by every call
_CHUNK_ROWS = 32  # below, the Python calls per chunk cost more than the cache saves
_HADAMARD_BYTES = 1 << 18  # transforms make copies, so fewer rows at a time
_HADAMARD_BITS = 3  # transforms of three qubits at a time: 4.5 ms against 14 ms for six, 12 qubits


@dataclass(frozen=True)
class LayeredCircuit:
    """A circuit that starts with Hadamards on all qubits and alternates phases and Hadamards.

    Attributes:
        num_qubits: Number of qubits n.
        num_parameters: Number of values of a row.
        phases: Phase blocks; block k comes after Hadamard layer k.
        hadamards: Masks of the qubits that each Hadamard layer acts on; the first holds all qubits.
        global_phase: Phase of the whole state.
    """

    num_qubits: int
    num_parameters: int
    phases: tuple[PhaseBlock, ...]
    hadamards: tuple[int, ...]
    global_phase: Polynomial

    @cached_property
    def _blocks(self) -> tuple[list[_Block], list[int]]:
        """Different blocks as arrays, and for every layer the number of its block.

        The repetitions of a feature map share one block, so that its phases are computed once.
        """
        different: list[PhaseBlock] = []
        for block in self.phases:
            if block not in different:
                different.append(block)
        blocks = [_compile_block(block, self.num_qubits) for block in different]
        return blocks, [different.index(block) for block in self.phases]

    def states(self, values: np.ndarray) -> np.ndarray:
        """Build the states of all rows.

        Args:
            values: Parameter values of shape (rows, num_parameters), in radians.

        Returns:
            Amplitudes of shape (rows, 2^n), complex128, qubit 0 in the lowest bit of the index.
        """
        rows = values.shape[0]
        result = np.empty((rows, 2**self.num_qubits), dtype=np.complex128)
        blocks, order = self._blocks
        factors = [_evaluate_block(block, values) for block in blocks]
        scale = _unit(self.global_phase, values) * 2 ** (-self.num_qubits / 2)
        step = _rows_per_chunk(2**self.num_qubits)
        # One set of buffers for all chunks: fresh ones cost more in page faults than in arithmetic.
        change = np.empty((step, 2 ** (self.num_qubits - 1)), dtype=np.complex128)
        diagonals = np.empty((len(blocks), step, 2**self.num_qubits), dtype=np.complex128)
        for start in range(0, rows, step):
            chunk = slice(start, min(start + step, rows))
            out, size = result[chunk], chunk.stop - start
            for number in set(order):
                _fill_diagonals(factors[number], chunk, diagonals[number, :size], change[:size])
            np.multiply(diagonals[order[0], :size], scale[chunk, None], out=out)
            for number, mask in zip(order[1:], self.hadamards[1:], strict=True):
                _apply_hadamards(out, mask)
                np.multiply(out, diagonals[number, :size], out=out)
        return result


def _rows_per_chunk(dimension: int) -> int:
    """Rows whose states stay in the second-level cache, with few Python calls and page faults."""
    small, large = (size // (16 * dimension) for size in _CHUNK_BYTES)
    return max(1, min(max(small, _CHUNK_ROWS), large))


@dataclass(frozen=True)
class _Block:
    """A phase block as a quadratic form in the bits, and parities of more than two qubits.

    Attributes:
        linear: Angle of each qubit's bit.
        pairs: Angle of each product of two bits, by (lower, higher) qubit.
        parities: Angle of each parity, by mask.
    """

    linear: list[Polynomial]
    pairs: dict[tuple[int, int], Polynomial]
    parities: dict[int, Polynomial]


def _compile_block(block: PhaseBlock, num_qubits: int) -> _Block:
    """Split the parities of a block; of two bits a XOR b = a + b - 2ab."""
    compiled = _Block([{} for _ in range(num_qubits)], {}, {})
    for mask, polynomial in block.items():
        qubits = qubits_of(mask)
        if len(qubits) > 2:  # noqa: PLR2004 - a quadratic form ends at two
            compiled.parities[mask] = polynomial
            continue
        for qubit in qubits:
            add_polynomial(compiled.linear[qubit], polynomial, 1.0)
        if len(qubits) == 2:  # noqa: PLR2004 - a pair
            pair = compiled.pairs.setdefault((qubits[0], qubits[1]), {})
            add_polynomial(pair, polynomial, -2.0)
    return compiled


@lru_cache(maxsize=4096)
def qubits_of(mask: int) -> tuple[int, ...]:
    """Qubits of a mask, ascending."""
    return tuple(qubit for qubit in range(mask.bit_length()) if mask >> qubit & 1)


def add_polynomial(into: Polynomial, polynomial: Polynomial, factor: float) -> None:
    """Add a multiple of a polynomial to another in place."""
    for key, coefficient in polynomial.items():
        into[key] = into.get(key, 0.0) + factor * coefficient


def _evaluate(polynomials: Sequence[Polynomial], values: np.ndarray) -> np.ndarray:
    """Values of shape (rows, polynomials) for parameter values of shape (rows, parameters)."""
    monomials = {
        key: number for number, key in enumerate({k: None for p in polynomials for k in p})
    }
    coefficients = np.zeros((len(monomials), len(polynomials)))
    for column, polynomial in enumerate(polynomials):
        for key, coefficient in polynomial.items():
            coefficients[monomials[key], column] = coefficient
    # Index -1 stands for the factor 1, which completes monomials of degree below two.
    factors = np.array([(*key, -1, -1)[:2] for key in monomials], dtype=np.int64).reshape(-1, 2)
    with_one = np.concatenate([values, np.ones((values.shape[0], 1))], axis=1)
    return (with_one[:, factors[:, 0]] * with_one[:, factors[:, 1]]) @ coefficients


def _unit(polynomial: Polynomial, values: np.ndarray) -> np.ndarray:
    """exp(i p) of shape (rows,)."""
    return np.exp(1j * _evaluate([polynomial], values)[:, 0])


@dataclass(frozen=True)
class _BlockFactors:
    """The exponentials of a block's angles for all rows; every array has the shape (rows,)."""

    linear: list[np.ndarray]
    pairs: dict[tuple[int, int], np.ndarray]
    parities: dict[int, np.ndarray]


def _evaluate_block(block: _Block, values: np.ndarray) -> _BlockFactors:
    """Evaluate all angles of a block in one product."""
    polynomials = [*block.linear, *block.pairs.values(), *block.parities.values()]
    factors = list(np.exp(1j * _evaluate(polynomials, values)).T.copy())
    ends = len(block.linear), len(block.linear) + len(block.pairs)
    return _BlockFactors(
        factors[: ends[0]],
        dict(zip(block.pairs, factors[ends[0] : ends[1]], strict=True)),
        dict(zip(block.parities, factors[ends[1] :], strict=True)),
    )


def _fill_diagonals(
    factors: _BlockFactors, chunk: slice, out: np.ndarray, change: np.ndarray
) -> None:
    """Write exp(i f(b)) of the chunk's rows into `out`, shape (rows of the chunk, 2^n).

    The factors of a quadratic form double with each qubit: two products per amplitude instead of a
    sine and a cosine, which cost six times as much. `change` is a buffer of half the width.
    """
    out[:, 0] = 1.0
    for qubit, own in enumerate(factors.linear):
        half = 1 << qubit
        change[:, 0] = own[chunk]
        for lower in range(qubit):
            low, high = change[:, : 1 << lower], change[:, 1 << lower : 2 << lower]
            if (lower, qubit) in factors.pairs:
                np.multiply(low, factors.pairs[lower, qubit][chunk, None], out=high)
            else:
                high[...] = low
        np.multiply(out[:, :half], change[:, :half], out=out[:, half : 2 * half])
    indices = np.arange(out.shape[1])
    for mask, factor in factors.parities.items():
        odd = np.flatnonzero(np.bitwise_count(indices & mask) % 2)
        out[:, odd] *= factor[chunk, None]


def _apply_hadamards(states: np.ndarray, mask: int) -> None:
    """Apply Hadamards to the qubits of a mask in place; shape (rows, 2^n), C order."""
    step = max(1, _HADAMARD_BYTES // (16 * states.shape[1]))
    runs = _runs(mask)
    for start in range(0, states.shape[0], step):
        part = states[start : start + step]
        reals = part.view(np.float64)
        for low, width in runs:
            if low == 0:
                # Real and imaginary part stand side by side, so the last axis carries both.
                reals = reals.reshape(-1, 2 << width) @ _walsh(width, 2)
            else:
                reals = np.matmul(_walsh(width, 1), reals.reshape(-1, 1 << width, 2 << low))
        part[...] = reals.reshape(-1).view(np.complex128).reshape(part.shape)


def _runs(mask: int) -> list[tuple[int, int]]:
    """Neighbouring qubits of a mask in runs of at most `_HADAMARD_BITS`: (lowest qubit, width)."""
    runs: list[tuple[int, int]] = []
    for qubit in qubits_of(mask):
        low, width = runs[-1] if runs else (qubit, 0)
        if low + width == qubit and width < _HADAMARD_BITS:
            runs[-1:] = [(low, width + 1)]
        else:
            runs.append((qubit, 1))
    return runs


@cache
def _walsh(width: int, copies: int) -> np.ndarray:
    """Hadamards on `width` qubits, acting alike on `copies` neighbouring numbers."""
    indices = np.arange(1 << width)
    odd = np.bitwise_count(indices[:, None] & indices[None, :]) % 2
    return np.kron((1.0 - 2.0 * odd) * 2 ** (-width / 2), np.eye(copies))
