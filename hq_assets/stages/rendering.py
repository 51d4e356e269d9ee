"""Values for people: Markdown tables, facts in words instead of JSON, reasons by their pattern, short numbers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_TABLE = 200
"""Rows of a Markdown table; the whole stands in the stored table."""

NAMED = 6
"""Entries of a list or mapping that are spelled out."""

WIDEST_FACT = 160
"""Characters of a fact."""

DIGITS = 6
"""Significant digits of a number that is shown or plotted; the stored one has all."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.]*\w)", re.IGNORECASE)


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table of row mappings with the same keys; numbers stand to the right."""
    if not rows:
        return "No rows."
    columns = list(rows[0])
    numeric = [all(_is_number(row[name]) or row[name] is None for row in rows) for name in columns]
    rule = "|".join("---:" if right else "---" for right in numeric)
    lines = [
        "| " + " | ".join(_cell(row[name]) for name in columns) + " |"
        for row in rows[:LONGEST_TABLE]
    ]
    table = "\n".join(["| " + " | ".join(columns) + " |", f"|{rule}|", *lines])
    left = len(rows) - LONGEST_TABLE
    return f"{table}\n\n… {left:,} more" if left > 0 else table


def facts_table(facts: Mapping[str, Any]) -> str:
    """Facts with a line each; nested ones in words, long ones cut."""
    return markdown_table(
        [{"fact": name, "value": in_words(value)} for name, value in facts.items()]
    )


def in_words(value: Any) -> str:
    """A JSON-able value as a short text.

    Mappings by seed, and long ones, whose values are all the same are said once.
    """
    text = _in_words(value)
    return text if len(text) <= WIDEST_FACT else text[: WIDEST_FACT - 1].rstrip() + "…"


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return _mapping_in_words(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _some([_in_words(entry) for entry in value])
    return f"{value:,}" if isinstance(value, int) else _cell(value)


def _mapping_in_words(value: Mapping[str, Any]) -> str:
    entries = list(value.values())
    many = len(entries) > NAMED or (len(entries) > 1 and all(name.isdigit() for name in value))
    if many and all(entry == entries[0] for entry in entries):
        return f"{_in_words(entries[0])} for each of {len(entries)}"
    nested = any(isinstance(entry, Mapping) for entry in entries)
    words = [f"{name}: {_in_words(entry)}" for name, entry in value.items()]
    return _some(words, "; " if nested else ", ")


def _some(words: Sequence[str], separator: str = ", ") -> str:
    if not words:
        return "none"
    shown = separator.join(words[:NAMED])
    left = len(words) - NAMED
    return f"{shown} … {left:,} more" if left > 0 else shown


def reason_patterns(reason: str) -> list[str]:
    """The changes that a reason names, without their numbers, so that the same changes count together."""
    parts = _NUMBER.sub("…", reason).split("; ")
    return parts if all("…" in part for part in parts) else ["; ".join(parts)]


def rounded(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata with plain floats cut to the digits that people read; nothing else changes."""
    return {
        name: float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
        for name, value in metadata.items()
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("|", "\\|").replace("\n", " ")
