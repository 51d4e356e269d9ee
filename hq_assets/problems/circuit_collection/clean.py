"""Verb `clean`: a row per circuit file and per line of the parameter table, with reasons."""

from __future__ import annotations

import hashlib
from collections import Counter
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import polars as pl

from hq_assets.problems.circuit_collection.reading import decode, read_circuit
from hq_assets.problems.circuit_collection.table import ParameterLine, parse_table
from hq_assets.problems.contract import Cleaned, Transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.problems.circuit_collection.settings import Settings
    from hq_assets.problems.contract import SourceFile

SCHEMA = {
    "record_id": pl.String,
    "path": pl.String,
    "seed": pl.Int64,
    "split": pl.String,
    "role": pl.String,
    "format": pl.String,
    "size": pl.Int64,
    "content_hash": pl.String,
    "target": pl.String,
    "names": pl.List(pl.String),
    "values": pl.List(pl.Float64),
    "content": pl.Binary,
    "status": pl.String,
    "reason": pl.String,
}
"""`role` is `circuit` (a file) or `parameters` (a table line: `target`, `names`, `values`)."""


def clean(files: Sequence[SourceFile], settings: Settings, seeds: Sequence[int]) -> Cleaned:
    """Read every file once and say of each what it is.

    Args:
        files: Captured source files in any order.
        settings: Limits and names.
        seeds: Declared seeds; every row is repeated for each, nothing in it depends on them.

    Returns:
        Rows in the order seed, file, line of the table.
    """
    ordered = sorted(files, key=lambda file: file.path)
    ignored = [file for file in ordered if ignores(settings.ignore, file.path)]
    kept = [file for file in ordered if file not in ignored]
    tables = [file for file in kept if name_of(file, settings) == settings.parameter_table]
    circuits = mark_duplicates([circuit_row(file, settings) for file in kept if file not in tables])
    lines = [row for file in tables for row in table_rows(file, settings, circuits)]
    base = [*circuits, *lines]
    rows = [{**row, "seed": seed, "split": "unused"} for seed in seeds for row in base]
    statuses = Counter(row["status"] for row in base)
    facts = {
        "files": len(ordered),
        "ignored": [file.path for file in ignored],
        "circuit_files": len(circuits),
        "parameter_lines": len(lines),
        "formats": dict(sorted(Counter(row["format"] or "unknown" for row in circuits).items())),
        **{f"rows_{status}": count for status, count in sorted(statuses.items())},
    }
    return Cleaned(pl.LazyFrame(rows, schema=SCHEMA), TRANSFORMS, facts)


TRANSFORMS = (
    Transform(
        "decode_text", "fixed", {"encoding": "utf-8", "also": ["utf-8-sig", "utf-16", "latin-1"]}
    ),
    Transform("normalize_line_ends", "fixed", {"line_end": "\\n"}),
    Transform("drop_duplicates", "fixed", {"by": "normalized content", "kept": "first by name"}),
)


def name_of(file: SourceFile, settings: Settings) -> str:
    """Name of a file in every row: its path without the collection's folder."""
    return file.path.removeprefix(settings.folder.rstrip("/") + "/")


def ignores(patterns: Sequence[str], path: str) -> bool:
    """Whether a file is no circuit by its name."""
    name = PurePosixPath(path).name
    return any(fnmatch(name, pattern) for pattern in patterns)


def circuit_row(file: SourceFile, settings: Settings) -> dict[str, Any]:
    """Row of one circuit file."""
    reading = read_circuit(file, settings.max_file_bytes)
    return {
        "record_id": name_of(file, settings),
        "path": file.path,
        "role": "circuit",
        "format": reading.format,
        "size": file.size,
        "content_hash": file.content_hash,
        "content": reading.content,
        "status": reading.status,
        "reason": reading.reason,
    }


def mark_duplicates(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drop every later row whose normalized content an earlier row already has."""
    first: dict[bytes, str] = {}
    marked: list[dict[str, Any]] = []
    for row in rows:
        if row["content"] is None:
            marked.append(row)
            continue
        earlier = first.setdefault(hashlib.sha256(row["content"]).digest(), row["record_id"])
        duplicate = {"content": None, "status": "dropped", "reason": f"same content as {earlier}"}
        marked.append(row if earlier == row["record_id"] else {**row, **duplicate})
    return marked


def table_rows(
    file: SourceFile, settings: Settings, circuits: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of the parameter table; lines for files that do not exist or are refused say so."""
    statuses = {row["record_id"]: row["status"] for row in circuits}
    name = name_of(file, settings)
    return [
        {
            "record_id": f"{name}:{line.line}" if line.line else name,
            "path": file.path,
            "role": "parameters",
            "format": "csv",
            "size": file.size,
            "content_hash": file.content_hash,
            "target": line.target,
            "names": list(line.names),
            "values": list(line.values),
            "status": line.status if problem is None else "error",
            "reason": line.reason if problem is None else problem,
        }
        for line in read_table(file, settings)
        for problem in [target_problem(line, statuses)]
    ]


def read_table(file: SourceFile, settings: Settings) -> list[ParameterLine]:
    """Lines of the parameter table, or one refusal for all of it."""
    limit = settings.max_table_bytes
    if file.size > limit:
        reason = (
            f"the table has {file.size:,} bytes and the limit is {limit:,}; raise max_table_bytes"
        )
        return [ParameterLine(0, None, status="error", reason=reason)]
    text, note = decode(file.local.read_bytes())
    if text is None:
        return [ParameterLine(0, None, status="error", reason=note)]
    return parse_table(text)


def target_problem(line: ParameterLine, statuses: dict[str, str]) -> str | None:
    """Why a line's file cannot take its values, or None."""
    if line.status != "ok" or line.target is None:
        return None
    path = file_of(line.target)
    if path not in statuses and line.target not in statuses:
        return f"there is no file {line.target[:120]!r}"
    status = statuses.get(line.target, statuses.get(path))
    return (
        f"the file {path} is {'a duplicate' if status == 'dropped' else 'refused'}"
        if status in {"dropped", "error"}
        else None
    )


def file_of(target: str) -> str:
    """File of a target: `bundle.qpy[2]` names the third circuit of `bundle.qpy`."""
    head, bracket, tail = target.rpartition("[")
    return head if bracket and tail.endswith("]") and tail[:-1].isdigit() else target
