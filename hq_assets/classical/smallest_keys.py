"""The rows with the smallest keys of a stream, kept in bounded memory."""

from __future__ import annotations

import numpy as np


class SmallestKeys:
    """Keeps at least the `capacity` rows with the smallest keys, and their values.

    A split takes the smallest keys of every class, so that its training rows are nearly always among
    them and the stream need not be read again.
    """

    def __init__(self, capacity: int, width: int) -> None:
        self._capacity = capacity
        self._bound: np.uint64 | None = None
        self._keys = np.empty(0, dtype=np.uint64)
        self._rows = np.empty(0, dtype=np.int64)
        self._values = np.empty((0, width))

    def add(self, keys: np.ndarray, rows: np.ndarray, values: np.ndarray, offset: int = 0) -> None:
        """Take some rows of a batch into account.

        Args:
            keys: Their keys, shape (rows,), uint64.
            rows: Their positions in the batch, ascending, int64.
            values: The whole batch, shape (batch rows, width), float64.
            offset: Number of the batch's first row in the stream.
        """
        if self._bound is not None:
            small = keys < self._bound
            keys, rows = keys[small], rows[small]
        self._keys = np.concatenate([self._keys, keys])
        self._rows = np.concatenate([self._rows, rows + offset])
        self._values = np.concatenate([self._values, values[rows]])
        if len(self._keys) > 2 * self._capacity:
            self._forget()

    def _forget(self) -> None:
        kept = np.sort(np.argpartition(self._keys, self._capacity)[: self._capacity])
        self._keys, self._rows = self._keys[kept], self._rows[kept]
        self._values = self._values[kept]
        self._bound = self._keys.max()

    def values_of(self, rows: np.ndarray) -> np.ndarray | None:
        """Values of the given rows, or None if one of them was not kept.

        Args:
            rows: Numbers in the stream, any order.

        Returns:
            Shape (rows, width), in the order asked.
        """
        if not len(self._rows):
            return None
        places = np.minimum(np.searchsorted(self._rows, rows), len(self._rows) - 1)
        if not np.array_equal(self._rows[places], rows):
            return None
        return self._values[places]
