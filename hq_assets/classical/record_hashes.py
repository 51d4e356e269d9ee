"""Hashes of record ids that are equal on every platform and in every version.

They order records reproducibly and find repeated ones without keeping the texts. 64 bits: the chance
that any two of ten million different records agree is 3 in a million. Not for secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_WORD = 8
"""Bytes hashed at a time."""


def mix(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Scramble unsigned integers, one to one for each seed (splitmix64, doi:10.1145/2714064.2660195).

    Args:
        values: uint64 of any shape.
        seed: Any integer; another one gives an unrelated order.

    Returns:
        uint64 of the same shape.
    """
    offset = np.uint64((seed * int(_GOLDEN) + int(_GOLDEN)) % 2**64)
    with np.errstate(over="ignore"):
        mixed = values + offset
        mixed ^= mixed >> np.uint64(30)
        mixed *= _FIRST
        mixed ^= mixed >> np.uint64(27)
        mixed *= _SECOND
        mixed ^= mixed >> np.uint64(31)
    return mixed


def hash_texts(texts: pl.Series) -> np.ndarray:
    """Hash the UTF-8 bytes of texts; null counts as the empty text.

    Args:
        texts: String series of length rows.

    Returns:
        uint64 of shape (rows,).
    """
    import pyarrow as pa

    array = texts.fill_null("").to_arrow().cast(pa.large_string())
    buffers = array.buffers()
    starts = np.frombuffer(buffers[1], dtype=np.int64, count=len(array) + 1 + array.offset)
    starts = starts[array.offset :]
    lengths = np.diff(starts)
    data = np.frombuffer(buffers[2], dtype=np.uint8) if buffers[2] else np.empty(0, np.uint8)
    padded = np.concatenate([data, np.zeros(_WORD, np.uint8)])
    words = np.ndarray(padded.size - _WORD + 1, dtype="<u8", buffer=padded, strides=(1,))
    hashed = mix(lengths.astype(np.uint64))
    for first in range(0, int(lengths.max(initial=0)), _WORD):
        hashed = _absorb_word(hashed, words, starts[:-1] + first, lengths - first)
    return hashed


def _absorb_word(
    hashed: np.ndarray, words: np.ndarray, starts: np.ndarray, remaining: np.ndarray
) -> np.ndarray:
    """Mix the next eight bytes into the hashes of those texts that have any left."""
    keep_bits = np.clip(remaining, 0, _WORD) * 8
    mask = np.where(
        keep_bits == 8 * _WORD,
        np.uint64(2**64 - 1),
        (np.uint64(1) << (keep_bits % 64).astype(np.uint64)) - np.uint64(1),
    )
    word = words[np.minimum(starts, words.size - 1)] & mask
    return np.where(remaining > 0, mix(hashed ^ word), hashed)
