"""The header of a tabular source file, read when definitions load; of the data nothing else is read."""

import csv
from collections.abc import Sequence
from pathlib import Path

HEADER_BYTES = 1 << 20
"""A header longer than this is no header."""


def missing_columns(path: Path, required: Sequence[str]) -> tuple[list[str], list[str]]:
    """Required columns that a CSV file lacks, and the columns that it has.

    A file that is not text is not judged here: cleaning says what is wrong with it, with its bytes kept.

    Args:
        path: Source file; anything but `.csv` has no header and lacks nothing.
        required: Names of the columns needed.
    """
    if not required or path.suffix.lower() != ".csv":
        return [], []
    with path.open("rb") as file:
        line = file.readline(HEADER_BYTES)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], []
    found = next(csv.reader([text.rstrip("\r\n")]), [])
    if not found:
        return [], []
    return [name for name in required if name not in found], found
