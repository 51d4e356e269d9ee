"""A circuit at a glance: one row per qubit, one column per layer, one colour per kind of operation."""

import io
from typing import Any

from hq_assets.stages.pictures.inline import first_that_fits, markdown_image, palette_png

PALETTE = ((240, 240, 246), (120, 170, 235), (74, 58, 167), (224, 123, 57), (40, 160, 110))
"""Idle, one-qubit gate, gate on several qubits, measurement or reset, control flow."""

LEGEND = "light blue one-qubit, violet several-qubit, orange measure or reset, green control flow"
WIDTH = 480
"""Pixels of a picture that shows every layer."""

FEWEST = (16, 8, 4, 2, 1)
"""Layers that are shown of a circuit without any regularity."""


def circuit_picture(name: str, qpy: bytes) -> str:
    """The first circuit of a QPY file as a small picture; of a deep one as many layers as fit.

    Args:
        name: What people call the circuit.
        qpy: Content of the file.
    """
    from qiskit import qpy as reader

    from hq_assets.quantum.circuit_map import circuit_map

    return map_picture(name, circuit_map(reader.load(io.BytesIO(qpy))[0]))


def map_picture(name: str, cells: Any) -> str:
    """A circuit map as a picture.

    Args:
        name: What people call the circuit.
        cells: Integers of shape (qubits, layers), positions in the palette.
    """
    if not cells.size:
        return f"`{name}` has no operation."
    layers = cells.shape[1]
    parts = {*(layers * part // 16 for part in range(1, 17)), *(min(n, layers) for n in FEWEST)}
    tries = sorted(parts - {0}, reverse=True)
    return first_that_fits(_draft(name, cells, shown) for shown in tries)


def _draft(name: str, cells: Any, shown: int) -> str:
    qubits, layers = cells.shape
    pixels = max(min(WIDTH // shown, 12, 320 // qubits), 2)
    image = palette_png(cells[:, :shown], PALETTE, pixels)
    part = f"{layers} layers" if shown == layers else f"the first {shown} of {layers} layers"
    return markdown_image(image, "png", f"`{name}`: {qubits} qubits, {part}; {LEGEND}")
