"""Images inside Markdown. Dagster shows Markdown below 1,000 characters in place, longer one behind a link.

It strips raw HTML, so an image is a data URI: a PNG with a palette, written here by hand because a plotting
library spends more than the whole allowance on its headers, or a short SVG.
"""

import base64
import struct
import zlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

IN_PLACE = 999
"""Most characters of Markdown that Dagster shows in place."""

Colour = tuple[int, int, int]


def markdown_image(data: bytes, subtype: str, caption: str) -> str:
    """An image as Markdown, with its caption below.

    Args:
        data: Bytes of the image.
        subtype: Of the media type, e.g. `png` or `svg+xml`.
        caption: One line; also what a reader without pictures gets.
    """
    text = base64.b64encode(data).decode()
    return f"![](data:image/{subtype};base64,{text})\n\n{caption}"


def first_that_fits(drafts: Iterable[str]) -> str:
    """The first draft that Dagster shows in place, or the last one.

    Args:
        drafts: From the finest to the coarsest, at least one.
    """
    text = ""
    for text in drafts:
        if len(text) <= IN_PLACE:
            return text
    return text


def svg(width: int, height: int, body: str) -> bytes:
    """An SVG document; text is sans serif of 9 units, strokes are not filled.

    Args:
        width: Units and pixels.
        height: Units and pixels.
        body: Its elements.
    """
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
    return f'{head} font-family="sans-serif" font-size="9" fill="none">{body}</svg>'.encode()


def svg_path(data: str, stroke: str, width: float = 1, more: str = "") -> str:
    """A stroked path."""
    return f'<path d="{data}" stroke="{stroke}" stroke-width="{width:g}"{more}/>'


def svg_text(x: float, y: float, text: str, fill: str = "#555") -> str:
    """A line of text, its baseline starting at (x, y)."""
    return f'<text x="{x:g}" y="{y:g}" fill="{fill}">{escape(text, quote=False)}</text>'


def palette_png(cells: Any, palette: Sequence[Colour], pixels: int) -> bytes:
    """A matrix of palette numbers as a PNG (ISO/IEC 15948) with 4 bits per pixel.

    Args:
        cells: Integer array of shape (rows, columns), values below the palette's length.
        palette: At most 16 colours, red, green and blue from 0 to 255.
        pixels: Width and height of a cell.
    """
    import numpy as np

    rows = np.repeat(np.asarray(cells, dtype=np.uint8), pixels, axis=1)
    if rows.shape[1] % 2:
        rows = np.pad(rows, ((0, 0), (0, 1)))
    packed = (rows[:, ::2] << 4) | rows[:, 1::2]
    # filter 2 says "as the row above plus this": a repeated row is all zeros
    repeated = (b"\2" + bytes(packed.shape[1])) * (pixels - 1)
    raw = b"".join(b"\0" + row.tobytes() + repeated for row in packed)
    header = struct.pack(">IIBBBBB", len(cells[0]) * pixels, len(cells) * pixels, 4, 3, 0, 0, 0)
    parts = [
        _chunk(b"IHDR", header),
        _chunk(b"PLTE", bytes(value for colour in palette for value in colour)),
        _chunk(b"IDAT", min(_compressions(raw), key=len)),
        _chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _compressions(raw: bytes) -> Iterable[bytes]:
    for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_RLE):
        compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
        yield compressor.compress(raw) + compressor.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
