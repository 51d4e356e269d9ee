"""Content hash of tables: over values and logical types, not over bytes of files or memory.

The hash is the same however a table is cut into batches, row groups or files, whichever writer
wrote it, and whether its texts are plain, categorical or enumerated. Columns are named, so their
order does not count; the order of rows does. Widths of numbers are storage, so int32 and int64
columns of equal values are equal, and so are float32 and float64; signed, unsigned and fractional
numbers are different types. Times count as instants, whatever their unit. A null differs from every
value; all NaN are one value; -0.0 differs from 0.0, because 1/x does.

Each column is a few streams of bytes (values, lengths, positions of nulls), each hashed as it
arrives: memory stays at one batch, and no boundary between batches can show.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hq_assets.lineage.column_streams import Column, column_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

_FORMAT = "table/1"
_BATCH_ROWS = 1 << 17
"""Rows turned into canonical bytes at a time: temporary copies stay at a megabyte per column."""


class TableHasher:
    """Hash of a table that arrives in batches of any size."""

    def __init__(
        self, schema: Mapping[str, pl.DataType] | None = None, exclude: Sequence[str] = ()
    ) -> None:
        """Start an empty table.

        Args:
            schema: Names and types; by default those of the first batch. A table of no batches and
                no schema is the table without columns.
            exclude: Columns that do not count (times, costs), present or not.
        """
        self._exclude = frozenset(exclude)
        self._columns: dict[str, Column] | None = None
        self._rows = 0
        if schema is not None:
            self._begin(schema)

    def update(self, batch: pl.DataFrame) -> None:
        """Append the rows of a batch.

        Raises:
            ValueError: Its columns or types are not those of the table.
            TypeError: A column's type has no canonical form.
        """
        columns = self._begin(batch.schema) if self._columns is None else self._columns
        self._check(batch, columns)
        for part in batch.iter_slices(_BATCH_ROWS):
            for name, column in columns.items():
                column.update(part.get_column(name))
        self._rows += batch.height

    def hexdigest(self) -> str:
        """Return the hash of the rows so far, 64 hex digits."""
        columns = {name: column.content() for name, column in (self._columns or {}).items()}
        body = {"format": _FORMAT, "rows": self._rows, "columns": columns}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _begin(self, schema: Mapping[str, pl.DataType]) -> dict[str, Column]:
        names = sorted(set(schema) - self._exclude)
        self._columns = {name: column_for(schema[name]) for name in names}
        return self._columns

    def _check(self, batch: pl.DataFrame, columns: Mapping[str, Column]) -> None:
        given = {
            name: column_for(dtype).kind
            for name, dtype in batch.schema.items()
            if name not in self._exclude
        }
        needed = {name: column.kind for name, column in columns.items()}
        if given != needed:
            wrong = sorted(
                name for name in {*given, *needed} if given.get(name) != needed.get(name)
            )
            message = (
                f"The batch differs from the table in the columns {', '.join(wrong)}: "
                f"given {[given.get(name) for name in wrong]}, needed "
                f"{[needed.get(name) for name in wrong]}. Cast the batches to one schema first."
            )
            raise ValueError(message)


def table_fingerprint(
    table: pl.DataFrame | pl.LazyFrame | str | Path, exclude: Sequence[str] = ()
) -> str:
    """Return the content hash of a table, 64 hex digits.

    Args:
        table: A frame, a lazy frame (streamed, never held as a whole) or a Parquet file's path.
        exclude: Columns that do not count.

    Raises:
        TypeError: A column's type has no canonical form.
    """
    import polars as pl

    if isinstance(table, str | Path):
        table = pl.scan_parquet(table)
    hasher = TableHasher(
        table.schema if isinstance(table, pl.DataFrame) else table.collect_schema(), exclude
    )
    for batch in _batches(table):
        hasher.update(batch)
    return hasher.hexdigest()


def _batches(table: Any) -> Iterator[pl.DataFrame]:
    import polars as pl

    if isinstance(table, pl.DataFrame):
        yield table
        return
    yield from table.collect_batches(
        chunk_size=_BATCH_ROWS, maintain_order=True, engine="streaming", lazy=True
    )
