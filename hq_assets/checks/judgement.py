"""A statistical judgement: one verdict on a stage's content, with the rows that caused it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

Severity = Literal["critical", "warning"]
"""`critical` stops everything downstream, `warning` is shown and stops nothing."""

EXAMPLES = 20
"""How many offending rows a verdict names at most."""


@dataclass(frozen=True)
class Judgement:
    """One verdict.

    Attributes:
        name: What was judged, a noun phrase with underscores.
        passed: Whether the content is as it should be.
        severity: What a failure means.
        summary: One sentence with the numbers behind the verdict.
        rows: At most 20 offending rows, each with a `reason`.
        metadata: Numbers worth plotting over time.
    """

    name: str
    passed: bool
    severity: Severity
    summary: str
    rows: Sequence[Mapping[str, Any]] = ()
    metadata: Mapping[str, float] = field(default_factory=dict)


def judge_rows(
    name: str,
    offending: pl.LazyFrame,
    *,
    holds: str,
    fails: str,
    severity: Severity = "critical",
    metadata: Mapping[str, float] | None = None,
) -> Judgement:
    """Pass when no row is offending.

    Args:
        name: Name of the judgement.
        offending: The rows that break the rule, with a text column `reason`; sorted here, so that
            the named rows are the same every time.
        holds: Sentence for the case that no row is offending.
        fails: Ending of the sentence `<number> …` for the case that some are.
        severity: What a failure means.
        metadata: Further numbers; the number of offending rows is added as `<name>_offending`.
    """
    import polars as pl

    found = offending.collect(engine="streaming")
    plain = [column for column, dtype in found.schema.items() if not dtype.is_nested()]
    rows = found.sort(plain).head(EXAMPLES).select(pl.all()).to_dicts()
    summary = f"{found.height} {fails}" if found.height else holds
    numbers = {f"{name}_offending": found.height, **(metadata or {})}
    return Judgement(name, found.height == 0, severity, summary, rows, numbers)
