"""What people see of a verdict: a sentence, numbers that plot, tables of failures in Markdown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_assets.checks.great_expectations_run import ExpectationResult, SuiteResult
    from hq_assets.checks.judgement import Judgement

LONGEST_SENTENCE = 3
"""Failures that the sentence names; the table names all."""


def suite_sentence(result: SuiteResult) -> str:
    """One sentence about a suite."""
    failed = [entry for entry in result.results if not entry.passed]
    seen = f"{result.rows:,} rows"
    if result.sampled:
        seen += f" (streamed aggregates of all, and a sample of {result.rows_checked:,})"
    if not failed:
        return f"{len(result.results)} expectations hold over {seen}."
    named = "; ".join(_failure(entry) for entry in _worst_first(failed)[:LONGEST_SENTENCE])
    return f"{len(failed)} of {len(result.results)} expectations fail over {seen}: {named}."


def _worst_first(failed: Sequence[ExpectationResult]) -> list[ExpectationResult]:
    return sorted(failed, key=lambda entry: entry.severity != "critical")


def _failure(entry: ExpectationResult) -> str:
    count = f" in {entry.unexpected_count:,} rows" if entry.unexpected_count else ""
    first = f", first {_named(entry.rows[0])}" if entry.rows else f": {entry.observed}"
    return f"{entry.expectation.title}{count}{first}"


def _named(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={_short(value)}" for key, value in row.items())


def suite_numbers(result: SuiteResult) -> dict[str, float]:
    """Numbers of a suite that are worth plotting."""
    failed = [entry for entry in result.results if not entry.passed]
    return {
        "rows": result.rows,
        "rows_checked": result.rows_checked,
        "sampled": int(result.sampled),
        "null_fraction": result.null_fraction,
        "expectations": len(result.results),
        "expectations_failed": len(failed),
        "rows_unexpected": max((entry.unexpected_count or 0 for entry in failed), default=0),
    }


def suite_table(result: SuiteResult) -> str:
    """Failed expectations with the rows that break them."""
    failed = _worst_first([entry for entry in result.results if not entry.passed])
    lines = [
        (
            entry.expectation.title,
            entry.severity,
            entry.scope,
            "none" if entry.unexpected_count is None else f"{entry.unexpected_count:,}",
            entry.observed,
            "; ".join(_named(row) for row in entry.rows),
        )
        for entry in failed
    ]
    return markdown_table(
        ("expectation", "severity", "seen", "rows", "observed", "named rows"), lines
    )


def judgements_sentence(judgements: Sequence[Judgement]) -> str:
    """One sentence about all judgements of a stage."""
    failed = sorted((j for j in judgements if not j.passed), key=lambda j: j.severity != "critical")
    if not failed:
        return f"{len(judgements)} judgements hold."
    named = "; ".join(_verdict(judgement) for judgement in failed[:LONGEST_SENTENCE])
    return f"{len(failed)} of {len(judgements)} judgements fail: {named}."


def _verdict(judgement: Judgement) -> str:
    first = f" ({_named(judgement.rows[0])})" if judgement.rows else ""
    return f"{judgement.name}: {judgement.summary}{first}"


def judgement_numbers(judgements: Sequence[Judgement]) -> dict[str, float]:
    """Numbers of all judgements that are finite, with how many there were and failed."""
    numbers: dict[str, float] = {}
    for judgement in judgements:
        numbers.update({k: v for k, v in judgement.metadata.items() if math.isfinite(v)})
    failed = sum(not judgement.passed for judgement in judgements)
    return {**numbers, "judgements": len(judgements), "judgements_failed": failed}


def judgements_table(judgements: Sequence[Judgement]) -> str:
    """Every judgement with its verdict and its sentence."""
    lines = [(j.name, "holds" if j.passed else j.severity, j.summary) for j in judgements]
    return markdown_table(("judgement", "verdict", "what was found"), lines)


def judgement_rows_table(judgements: Sequence[Judgement]) -> str:
    """The named rows of the failed judgements with their reasons."""
    lines = [
        (
            judgement.name,
            _named({k: v for k, v in row.items() if k != "reason"}),
            row.get("reason", ""),
        )
        for judgement in judgements
        if not judgement.passed
        for row in judgement.rows
    ]
    return markdown_table(("judgement", "row", "reason"), lines)


def markdown_table(columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; a cell never breaks it."""
    head = "| " + " | ".join(columns) + " |"
    rule = "|" + "---|" * len(columns)
    body = ["| " + " | ".join(_cell(value) for value in line) + " |" for line in lines]
    return "\n".join([head, rule, *body])


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
