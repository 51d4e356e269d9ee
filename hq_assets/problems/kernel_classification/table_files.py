"""Reading of CSV sources in batches, and plain words for every way in which a file can be unusable."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl

from hq_assets.problems.contract import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hq_assets.problems.contract import SourceFile

BATCH_ROWS = 100_000
"""Rows held at a time; memory is this many rows of all columns, a few times over."""

_TAIL_BYTES = 1 << 20
_LONGEST_HEADER = 1 << 20
_MAGIC = {
    b"\x1f\x8b": "gzip-compressed; decompress it first",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"PAR1": "a Parquet file; export it as CSV",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}


def check_table(file: SourceFile, needed: Sequence[str]) -> None:
    """Refuse a file that is not a whole UTF-8 CSV table with the needed columns.

    Args:
        file: The captured file.
        needed: Columns that its header must have.

    Raises:
        DataError: The file is empty, compressed, not UTF-8, lacks lines or columns, has no rows or is cut.
    """
    with file.local.open("rb") as stream:
        head = stream.readline(_LONGEST_HEADER)
        for magic, what in _MAGIC.items():
            if head.startswith(magic):
                message = f"{file.path} is {what}. Needed is a CSV file in UTF-8."
                raise DataError(message)
        if len(head) == _LONGEST_HEADER and not head.endswith(b"\n"):
            message = (
                f"{file.path} has no line end in its first {_LONGEST_HEADER:,} bytes, so it is no CSV table. "
                "Needed is a header line with the columns; deliver the file again."
            )
            raise DataError(message)
        header = _header(file, head)
        missing = [name for name in needed if name not in header]
        if missing:
            message = (
                f"{file.path}, line 1: columns {missing} are missing, found are {header[:40]}. "
                "Add them, or name the right columns in the settings."
            )
            raise DataError(message)
        repeated = sorted({name for name in needed if header.count(name) > 1})
        if repeated:
            message = f"{file.path}, line 1: columns {repeated} stand twice. Keep one of each."
            raise DataError(message)
        _check_last_line(file, stream, len(header), len(head))


def _header(file: SourceFile, head: bytes) -> list[str]:
    if not head.strip():
        message = (
            f"{file.path} is empty ({file.size} bytes). Needed are a header line and rows; "
            "deliver the file again."
        )
        raise DataError(message)
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(file, 1, error) from error
    return next(csv.reader([text]))


def _not_utf8(file: SourceFile, line: int, error: UnicodeDecodeError) -> DataError:
    given = error.object[error.start]
    message = (
        f"{file.path}, line {line}: byte 0x{given:02x} is not UTF-8 (Latin-1 perhaps). "
        "Save the file as UTF-8."
    )
    return DataError(message)


def _check_last_line(file: SourceFile, stream: io.BufferedReader, fields: int, first: int) -> None:
    """Compare the number of fields of the last line with the header's."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(first, end - _TAIL_BYTES))
    lines = stream.read().decode("utf-8", errors="replace").rstrip("\r\n").splitlines()
    if not lines or not lines[-1].strip():
        message = f"{file.path} has a header, but no rows. Deliver the file again."
        raise DataError(message)
    rows = list(csv.reader(lines))
    found = len(rows[-1]) if rows else 0
    if found < fields:
        message = (
            f"{file.path}, line {_count_lines(file)}: the last line has {found} of {fields} fields, so the "
            "file seems cut. Deliver the whole file again."
        )
        raise DataError(message)


def _count_lines(file: SourceFile) -> int:
    with file.local.open("rb") as stream:
        newlines = sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))
        stream.seek(-1, io.SEEK_END)
        return newlines if stream.read(1) == b"\n" else newlines + 1


def read_batches(
    files: Sequence[SourceFile],
    types: Mapping[str, pl.DataType | type[pl.DataType]],
    markers: Sequence[str],
    *,
    ignore_errors: bool = False,
) -> Iterator[tuple[SourceFile, int, pl.DataFrame]]:
    """Yield the rows of all files in order, a batch at a time.

    Args:
        files: Checked CSV files.
        types: Column → type to read it as; only these columns are read.
        markers: Texts that mean null.
        ignore_errors: Whether a value that is not of its type becomes null instead of an error.

    Yields:
        The file, the number of rows of it before this batch, and the batch with the columns of `types`.

    Raises:
        polars.exceptions.ComputeError: A line cannot be read, or a value is not of its type.
    """
    for file in files:
        seen = 0
        table = pl.scan_csv(
            file.local,
            infer_schema=False,
            schema_overrides=dict(types),
            null_values=list(markers),
            ignore_errors=ignore_errors,
            glob=False,
        ).select(*types)
        for batch in table.collect_batches(chunk_size=BATCH_ROWS):
            yield file, seen, batch
            seen += len(batch)


def explain_line(file: SourceFile) -> None:
    """Find the first line that is not UTF-8 or has more fields than the header.

    Raises:
        DataError: There is such a line.
    """
    with file.local.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise _not_utf8(file, number, error) from error
    with file.local.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        try:
            fields = len(next(reader))
            for row in reader:
                if len(row) > fields:
                    message = (
                        f"{file.path}, line {reader.line_num}: {len(row)} fields were found where the header "
                        f"has {fields}. Quote or correct that line."
                    )
                    raise DataError(message)
        except csv.Error as error:
            message = (
                f"{file.path}, line {reader.line_num}: {error}. Correct the quotes of that line."
            )
            raise DataError(message) from error
