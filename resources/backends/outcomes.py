"""Outcome tables built column by column, and the classical registers that name their bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from qiskit import QuantumCircuit

REST = "rest"
"""Bitstring of the outcomes that are not all zero, where only these two are kept."""


@dataclass(frozen=True)
class Registers:
    """Classical registers of one circuit.

    Attributes:
        sizes: Register name → bits, in the order declared.
    """

    sizes: Mapping[str, int]

    @property
    def name(self) -> str:
        """The register's own name, or `all` where there are several."""
        return next(iter(self.sizes)) if len(self.sizes) == 1 else "all"

    @property
    def zero(self) -> str:
        """The all-zero outcome."""
        return self.bitstring(0)

    def bitstring(self, value: int) -> str:
        """The outcome of an integer: bit 0 rightmost, last register first, one space between."""
        bits = format(value, f"0{sum(self.sizes.values())}b")
        parts: list[str] = []
        for size in self.sizes.values():
            parts.append(bits[len(bits) - size :])
            bits = bits[: len(bits) - size]
        return " ".join(reversed(parts))


def registers_of(circuit: QuantumCircuit) -> Registers:
    """Registers of a circuit; bits outside registers, or in several, make it one, `c`."""
    sizes = {register.name: register.size for register in circuit.cregs}
    in_order = [bit for register in circuit.cregs for bit in register]
    if in_order != list(circuit.clbits):
        sizes = {"c": circuit.num_clbits}
    return Registers(sizes)


@dataclass
class OutcomeColumns:
    """Outcomes of one pub, gathered as columns; each execution adds one group of rows."""

    registers: Registers
    bitstrings: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    def add_hex_counts(self, counts: Mapping[str, int]) -> None:
        """Add one execution's counts, hexadecimal outcome → count, sorted by outcome."""
        ordered = sorted((int(key, 16), key) for key in counts)
        for value, key in ordered:
            text = self._known.get(key)
            if text is None:
                text = self._known[key] = self.registers.bitstring(value)
            self.bitstrings.append(text)
            self.counts.append(counts[key])
        self.groups.append(len(ordered))

    def frame(self, pub: int) -> pl.DataFrame:
        """The gathered outcomes as a table with the columns of `ExecutionResult.outcomes`."""
        import numpy as np

        executions = np.repeat(np.arange(len(self.groups)), self.groups)
        return outcome_frame(
            pub, executions, self.registers.name, self.bitstrings, counts=self.counts
        )


def outcome_frame(
    pub: int,
    executions: np.ndarray | Sequence[int],
    register: str,
    bitstrings: Sequence[str],
    *,
    counts: Sequence[int] | np.ndarray | None = None,
    weights: Sequence[float] | np.ndarray | None = None,
) -> pl.DataFrame:
    """One table of outcomes; counts for sampled and binomial, weights for exact."""
    import polars as pl

    size = len(bitstrings)
    return pl.DataFrame(
        {
            "pub": pl.repeat(pub, size, dtype=pl.Int32, eager=True),
            "execution": pl.Series(executions, dtype=pl.Int64),
            "register": pl.repeat(register, size, dtype=pl.String, eager=True),
            "bitstring": pl.Series(bitstrings, dtype=pl.String),
            "count": _column(counts, size, pl.Int64),
            "weight": _column(weights, size, pl.Float64),
        }
    )


def pair_frame(
    pub: int,
    registers: Registers,
    first: np.ndarray,
    rest: np.ndarray,
) -> pl.DataFrame:
    """Two rows per execution: the all-zero outcome and the rest.

    Args:
        pub: Number of the pub.
        registers: Registers of the pair circuit.
        first: Counts (integers) or weights (floats) of the all-zero outcome, shape (executions,).
        rest: The same of all other outcomes.
    """
    import numpy as np

    values = np.stack([first, rest], axis=1).ravel()
    counted = np.issubdtype(values.dtype, np.integer)
    return outcome_frame(
        pub,
        np.repeat(np.arange(len(first)), 2),
        registers.name,
        [registers.zero, REST] * len(first),
        counts=values if counted else None,
        weights=None if counted else values,
    )


def _column(
    values: Sequence[float] | np.ndarray | None, size: int, kind: type[pl.DataType]
) -> pl.Series:
    import polars as pl

    if values is None:
        return pl.repeat(None, size, dtype=kind, eager=True)
    return pl.Series(values, dtype=kind)
