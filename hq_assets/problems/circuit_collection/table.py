"""The parameter table: CSV with a column `file` and one per parameter, one line per parameter row.

An empty cell says that the parameter is not one of that file's circuit. The form is RFC 4180.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.problems.contract import RowStatus

FILE_COLUMN = "file"


@dataclass(frozen=True)
class ParameterLine:
    """One line of the table, or the reason why the line (or the whole table, line 0) is refused.

    Attributes:
        line: Line number in the file, from 1; 0 for the whole table.
        target: File or circuit that the values are for.
        names: Parameters with a value, in the order of the header.
        values: Their values, all finite.
        status: ok or error.
        reason: Why it is refused.
    """

    line: int
    target: str | None
    names: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    status: RowStatus = "ok"
    reason: str | None = None


def parse_table(text: str) -> list[ParameterLine]:
    """Lines of the table in order; a wrong header refuses the table, a wrong line only itself."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    lines: list[ParameterLine] = []
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
                problem = header_problem(header)
                if problem:
                    return [_refused(0, None, problem)]
            else:
                lines.append(parse_line(reader.line_num, header, cells))
    except csv.Error as error:
        lines.append(
            _refused(
                reader.line_num,
                None,
                f"the line cannot be read as CSV ({error}); nothing after it is read",
            )
        )
    if header is None:
        return [_refused(0, None, "the table is empty; give a header with the column `file`")]
    return lines


def header_problem(header: Sequence[str]) -> str | None:
    """What is wrong with a header, or None."""
    if header.count(FILE_COLUMN) != 1:
        return f"the header is {', '.join(header)!r}; it needs exactly one column `file`"
    if "" in header:
        return "the header has a column without a name; name every column"
    doubled = sorted({name for name in header if header.count(name) > 1})
    return (
        f"the header names {', '.join(doubled)} more than once; keep one column each"
        if doubled
        else None
    )


def parse_line(number: int, header: Sequence[str], cells: Sequence[str]) -> ParameterLine:
    """One line as named finite numbers, or the reason why not."""
    if len(cells) != len(header):
        return _refused(
            number, None, f"the line has {len(cells)} cells and the header has {len(header)}"
        )
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    target = row.pop(FILE_COLUMN)
    if not target:
        return _refused(number, None, "the line names no file")
    given = {name: cell for name, cell in row.items() if cell}
    values: list[float] = []
    for name, cell in given.items():
        value = finite(cell)
        if value is None:
            return _refused(
                number, target, f"parameter {name} is {cell[:40]!r}; a finite number is needed"
            )
        values.append(value)
    return ParameterLine(number, target, tuple(given), tuple(values))


def finite(cell: str) -> float | None:
    """The number in a cell, or None where it is not a finite decimal number."""
    if "_" in cell or not cell.isascii():
        return None
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _refused(line: int, target: str | None, reason: str) -> ParameterLine:
    return ParameterLine(line, target, status="error", reason=reason)
