"""Verb `encode`: one row per circuit and parameter row, values in the circuit's own order."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import polars as pl

from hq_assets.problems.circuit_collection.quarantine import Finding, Sample, circuit_ids, inspect
from hq_assets.problems.contract import Cleaned, Encoded, Transform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hq_assets.problems.circuit_collection.settings import Settings

ROWS = {
    "circuit_id": pl.String,
    "seed": pl.Int64,
    "parameter_row": pl.Int64,
    "record_ids": pl.List(pl.String),
    "split": pl.String,
    "values": pl.List(pl.Float64),
    "status": pl.String,
    "reason": pl.String,
}
CIRCUITS = {
    "circuit_id": pl.String,
    "format": pl.String,
    "content": pl.Binary,
    "path": pl.String,
    "position": pl.Int64,
    "parameters": pl.List(pl.String),
    "status": pl.String,
    "reason": pl.String,
}
"""`position` counts the circuits of a QPY file; refused circuits have no content."""

USABLE = ("ok", "changed")


def encode(cleaned: Cleaned, settings: Settings, seeds: Sequence[int]) -> Encoded:
    """Bind the lines of the parameter table to the circuits that they name.

    Usable rows of a circuit are numbered from 0 in the order of the table; refused ones follow.

    Args:
        cleaned: Files and lines of the parameter table.
        settings: Limits.
        seeds: Declared seeds; rows are repeated for each.

    Returns:
        Rows in the order seed, file, circuit, parameter row; and one entry per circuit.
    """
    files, lines = records(cleaned, seeds)
    circuits = list(circuit_entries(files, settings))
    by_target: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        by_target[line["target"]].append(line)
    base = [row for circuit in circuits for row in parameter_rows(circuit, by_target)]
    known = {name for circuit in circuits for name in (circuit["circuit_id"], circuit["path"])}
    orphans = [line["record_id"] for line in lines if line["target"] not in known]
    rows = [{**row, "seed": seed, "split": "unused"} for seed in seeds for row in base]
    facts = {
        "circuits": len(circuits),
        "parameter_rows": len(base),
        "lines_without_circuit": orphans,
        **{
            f"rows_{status}": count
            for status, count in sorted(Counter(row["status"] for row in base).items())
        },
    }
    return Encoded(
        frame=pl.LazyFrame(rows, schema=ROWS),
        circuits=pl.LazyFrame(circuits, schema=CIRCUITS),
        transforms=(
            Transform("bind_parameter_table", "fixed", {"order": "parameters of the circuit"}),
        ),
        facts=facts,
    )


def records(
    cleaned: Cleaned, seeds: Sequence[int]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Files and table lines of the first seed, in order; they are the same for every seed."""
    first = cleaned.frame.filter(pl.col("seed") == seeds[0]).collect()
    rows = first.rows(named=True)
    lines = [row for row in rows if row["role"] == "parameters" and row["target"] is not None]
    return [row for row in rows if row["role"] == "circuit"], lines


def circuit_entries(
    files: Sequence[Mapping[str, Any]], settings: Settings
) -> Iterator[dict[str, Any]]:
    """One entry per circuit of every file that is not a duplicate."""
    readable = [row for row in files if row["status"] in USABLE]
    samples = [Sample(row["record_id"], row["format"], row["content"]) for row in readable]
    findings = dict(
        zip([row["record_id"] for row in readable], inspect(samples, settings), strict=True)
    )
    for row in files:
        path = row["record_id"]
        found = findings.get(path, (Finding(row["status"], row["reason"]),))
        if row["status"] == "dropped":
            continue
        for position, (circuit_id, finding) in enumerate(
            zip(circuit_ids(path, len(found)), found, strict=True)
        ):
            reasons = [reason for reason in (row["reason"], finding.reason) if reason]
            changed = row["status"] == "changed" and finding.status == "ok"
            yield {
                "circuit_id": circuit_id,
                "format": row["format"],
                "content": row["content"] if finding.status in USABLE else None,
                "path": path,
                "position": position,
                "parameters": list(finding.parameters),
                "status": "changed" if changed else finding.status,
                "reason": "; ".join(dict.fromkeys(reasons)) or None,
            }


def parameter_rows(
    circuit: Mapping[str, Any], by_target: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[dict[str, Any]]:
    """Rows of one circuit: one without a table, else one per line that names it or its file."""
    targets = dict.fromkeys((circuit["path"], circuit["circuit_id"]))
    lines = [line for target in targets for line in by_target.get(target, ())]
    if circuit["status"] not in USABLE:
        return numbered([_row(circuit, None, [], circuit["status"], circuit["reason"])])
    if not lines and circuit["parameters"]:
        names = ", ".join(circuit["parameters"])
        reason = f"the circuit has unbound parameters ({names}); add a line to the parameter table"
        return numbered([_row(circuit, None, [], "error", reason)])
    if not lines:
        return numbered([_row(circuit, None, [], circuit["status"], circuit["reason"])])
    return numbered([bound(circuit, line) for line in lines])


def bound(circuit: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    """Row of one table line: values in the circuit's order, or what is missing or too much."""
    if line["status"] != "ok":
        return _row(circuit, line, [], line["status"], line["reason"])
    given = dict(zip(line["names"], line["values"], strict=True))
    missing = [name for name in circuit["parameters"] if name not in given]
    extra = [name for name in given if name not in circuit["parameters"]]
    problems = [f"no value for {', '.join(missing)}"] if missing else []
    problems += [f"the circuit has no parameter {', '.join(extra)}"] if extra else []
    if problems:
        return _row(circuit, line, [], "error", f"{line['record_id']}: {'; '.join(problems)}")
    values = [given[name] for name in circuit["parameters"]]
    return _row(circuit, line, values, circuit["status"], circuit["reason"])


def numbered(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Usable rows first, numbered without gaps, because pubs refer to them by number."""
    ordered = sorted(rows, key=lambda row: row["status"] not in USABLE)
    return [{**row, "parameter_row": number} for number, row in enumerate(ordered)]


def _row(
    circuit: Mapping[str, Any],
    line: Mapping[str, Any] | None,
    values: Sequence[float],
    status: str,
    reason: str | None,
) -> dict[str, Any]:
    return {
        "circuit_id": circuit["circuit_id"],
        "record_ids": [circuit["path"], *([line["record_id"]] if line else [])],
        "values": list(values),
        "status": status,
        "reason": reason,
    }


def record_name(circuit_id: str, parameter_row: int, rows: int) -> str:
    """Name of a decided record: the circuit, with the parameter row where it has several."""
    return circuit_id if rows == 1 else f"{circuit_id}#{parameter_row}"
