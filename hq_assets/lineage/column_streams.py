"""Columns as streams of canonical bytes, one class per shape of values.

A column of fixed-width values has a stream of values, one of texts has a stream of lengths and one
of bytes, lists have lengths and a column of their items, structs have a column per field. Where a
value is null a zero (or an empty text or list) stands in its place, and the row's number goes into
the stream of nulls.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}


class Column(ABC):
    """The part of a table's hash that stands for one column.

    Attributes:
        kind: The logical type as JSON-able lists.
    """

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self._rows = 0
        self._nulls = hashlib.sha256()

    def update(self, values: pl.Series) -> None:
        """Append values of the column's type."""
        import numpy as np

        valid = None
        if values.null_count():
            valid = values.is_not_null()
            positions = np.flatnonzero(~valid.to_numpy()) + self._rows
            self._nulls.update(positions.astype("<i8").data)
        self._rows += len(values)
        self._append(values, valid)

    def content(self) -> list[Any]:
        """Return type, number of rows and hashes of all streams so far."""
        return [self.kind, self._rows, self._nulls.hexdigest(), *self._streams()]

    @abstractmethod
    def _append(self, values: pl.Series, valid: pl.Series | None) -> None: ...

    @abstractmethod
    def _streams(self) -> Sequence[Any]: ...


class _Fixed(Column):
    """Values of fixed width; `convert` gives one array per stream for a series without nulls."""

    def __init__(self, kind: Any, convert: Callable[[pl.Series], Sequence[Any]]) -> None:
        super().__init__(kind)
        self._convert = convert
        self._hashers: list[Any] = []

    def _append(self, values: pl.Series, valid: pl.Series | None) -> None:
        import polars as pl

        physical = values.to_physical()
        if valid is not None:
            physical = physical.fill_null(False if physical.dtype.is_(pl.Boolean) else 0)
        arrays = self._convert(physical)
        while len(self._hashers) < len(arrays):
            self._hashers.append(hashlib.sha256())
        for hasher, array in zip(self._hashers, arrays, strict=True):
            hasher.update(array.data)

    def _streams(self) -> Sequence[Any]:
        return [hasher.hexdigest() for hasher in self._hashers] if self._rows else []


class _Bytes(Column):
    """Texts and binary values: lengths in bytes, and the bytes one after the other."""

    def __init__(self, kind: Any, convert: Callable[[pl.Series], pl.Series]) -> None:
        super().__init__(kind)
        self._convert = convert
        self._lengths = hashlib.sha256()
        self._data = hashlib.sha256()

    def _append(self, values: pl.Series, valid: pl.Series | None) -> None:
        import numpy as np
        import polars as pl

        binary = self._convert(values)
        binary = binary if valid is None else binary.fill_null(b"")
        if binary.is_empty():
            return
        arrow = binary.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, data = arrow.buffers()
        bounds = np.frombuffer(offsets, dtype="<i8")[arrow.offset : arrow.offset + len(arrow) + 1]
        self._lengths.update(np.diff(bounds).data)
        if data is not None:
            self._data.update(memoryview(data)[bounds[0] : bounds[-1]])

    def _streams(self) -> Sequence[Any]:
        return [self._lengths.hexdigest(), self._data.hexdigest()]


class _Lists(Column):
    """Lists and fixed-size arrays: lengths, and the items of all lists as one column."""

    def __init__(self, kind: Any, items: Column) -> None:
        super().__init__(kind)
        self._items = items
        self._lengths = hashlib.sha256()

    def _append(self, values: pl.Series, valid: pl.Series | None) -> None:
        import polars as pl

        lists = values.arr.to_list() if isinstance(values.dtype, pl.Array) else values
        lengths = lists.list.len().cast(pl.Int64)
        lengths = lengths if valid is None else lengths.fill_null(0)
        self._lengths.update(_array(lengths).data)
        filled = lists.filter(lengths > 0)  # explode would put a null in place of an empty list
        if not filled.is_empty():
            self._items.update(filled.explode())

    def _streams(self) -> Sequence[Any]:
        return [self._lengths.hexdigest(), self._items.content()]


class _Struct(Column):
    """Named fields, sorted by name; a field of a null struct is null."""

    def __init__(self, fields: dict[str, Column]) -> None:
        super().__init__(["struct", {name: fields[name].kind for name in sorted(fields)}])
        self._fields = fields

    def _append(self, values: pl.Series, valid: pl.Series | None) -> None:
        del valid  # Polars gives null for a field of a null struct
        for name, column in self._fields.items():
            column.update(values.struct.field(name))

    def _streams(self) -> Sequence[Any]:
        return [{name: self._fields[name].content() for name in sorted(self._fields)}]


def column_for(dtype: pl.DataType) -> Column:  # noqa: PLR0911 - one return per family of types
    """Return an empty column of a Polars type.

    Raises:
        TypeError: The type has no canonical form (Python objects, maps, extension types).
    """
    import polars as pl

    match dtype:
        case pl.List():
            items = column_for(_instance(dtype.inner))
            return _Lists(["list", items.kind], items)
        case pl.Array():
            items = column_for(_array_items(dtype))
            return _Lists(["array", dtype.shape[0], items.kind], items)
        case pl.Struct():
            return _Struct({item.name: column_for(_instance(item.dtype)) for item in dtype.fields})
        case pl.String() | pl.Categorical() | pl.Enum():
            return _Bytes("text", _text_bytes)
        case pl.Binary():
            return _Bytes("binary", lambda values: values)
        case pl.Decimal():
            return _Bytes(["decimal", dtype.scale], _digits)
        case pl.Int128() | pl.UInt128():
            return _Bytes(["integer of 128 bits", dtype.is_signed_integer()], _digits)
    return _fixed(dtype)


def _fixed(dtype: pl.DataType) -> Column:  # noqa: PLR0911 - same
    import polars as pl

    match dtype:
        case _ if dtype.is_signed_integer():
            return _Fixed("integer", _integers)
        case _ if dtype.is_unsigned_integer():
            return _Fixed("unsigned", lambda values: [_array(values.cast(pl.UInt64))])
        case _ if dtype.is_float():
            return _Fixed("number", _numbers)
        case pl.Boolean():
            return _Fixed("boolean", lambda values: [_array(values.cast(pl.UInt8))])
        case pl.Date():
            return _Fixed("date", _integers)
        case pl.Time():
            return _Fixed("time", _integers)
        case pl.Datetime():
            return _Fixed(["datetime", dtype.time_zone], _seconds(dtype.time_unit))
        case pl.Duration():
            return _Fixed("duration", _seconds(dtype.time_unit))
        case pl.Null():
            return _Fixed("null", lambda _: [])
    message = (
        f"A column of type {dtype} has no canonical form. "
        "Cast it to numbers, texts, times, lists or structs first."
    )
    raise TypeError(message)


def _instance(dtype: Any) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype


def _array_items(dtype: pl.Array) -> pl.DataType:
    import polars as pl

    inner = _instance(dtype.inner)
    return inner if len(dtype.shape) == 1 else pl.Array(inner, dtype.shape[1:])


def _array(values: pl.Series) -> Any:
    """Return a series without nulls as a contiguous array (little-endian, as all our machines)."""
    import numpy as np

    return np.ascontiguousarray(values.to_numpy())


def _integers(values: pl.Series) -> Sequence[Any]:
    import polars as pl

    return [_array(values.cast(pl.Int64))]


def _numbers(values: pl.Series) -> Sequence[Any]:
    import numpy as np
    import polars as pl

    array = _array(values.cast(pl.Float64))
    not_numbers = np.isnan(array)
    if not_numbers.any():
        array = np.where(not_numbers, np.nan, array)
    return [array]


def _seconds(unit: str) -> Callable[[pl.Series], Sequence[Any]]:
    """Return whole seconds and nanoseconds, which hold the range of each unit without loss."""
    import numpy as np

    per_second = _PER_SECOND[unit]

    def convert(values: pl.Series) -> Sequence[Any]:
        seconds, rest = np.divmod(_integers(values)[0], per_second)
        return [seconds, (rest * (10**9 // per_second)).astype("<i4")]

    return convert


def _text_bytes(values: pl.Series) -> pl.Series:
    import polars as pl

    return values.cast(pl.String).cast(pl.Binary)


def _digits(values: pl.Series) -> pl.Series:
    """Decimal digits of the whole number behind a value; numpy has no integers of 128 bits."""
    return _text_bytes(values.to_physical())
