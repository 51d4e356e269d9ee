"""Text drawings of circuits for a Markdown code fence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

_FIRST_TRY = 64
"""Operations drawn first: at 0.1 ms each, a huge circuit is never drawn whole."""


def circuit_text(circuit: QuantumCircuit, max_width: int = 120, max_lines: int = 120) -> str:
    """Draw a circuit as folded text; of a large one the first operations, and it says so.

    Args:
        circuit: Any circuit.
        max_width: Most characters of a line.
        max_lines: Most lines, the notice included.

    Returns:
        Lines without trailing blanks, without backticks, so that they fit a code fence.
    """
    total = len(circuit.data)
    kept = min(total, _FIRST_TRY)
    lines = _drawn(circuit, kept, max_width)
    while len(lines) <= max_lines and kept < total:
        kept = min(total, 2 * kept)
        lines = _drawn(circuit, kept, max_width)
    if len(lines) <= max_lines:
        return "\n".join(lines)
    kept, lines = _largest(circuit, kept, max_width, max_lines - 1)
    notice = f"… the first {kept} of {total} operations"
    if len(lines) >= max_lines:
        notice += f", the first {max_lines - 1} of {len(lines)} lines"
    return "\n".join([*lines[: max_lines - 1], notice])


def _largest(
    circuit: QuantumCircuit, too_many: int, max_width: int, max_lines: int
) -> tuple[int, list[str]]:
    """Most operations whose drawing fits, by bisection, and its lines; at least one operation."""
    low, high = 1, too_many
    best = _drawn(circuit, 1, max_width)
    while high - low > 1:
        middle = (low + high) // 2
        lines = _drawn(circuit, middle, max_width)
        if len(lines) <= max_lines:
            low, best = middle, lines
        else:
            high = middle
    return low, best


def _drawn(circuit: QuantumCircuit, kept: int, max_width: int) -> list[str]:
    """Lines of the drawing of the first operations."""
    shown = circuit
    if kept < len(circuit.data):
        shown = circuit.copy_empty_like()
        for instruction in circuit.data[:kept]:
            shown.append(instruction)
    text = str(shown.draw("text", fold=max_width, idle_wires=len(circuit.data) == 0))
    return [line.rstrip().replace("`", "'") for line in text.splitlines()]
