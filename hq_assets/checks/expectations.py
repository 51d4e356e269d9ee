"""An expectation as plain data: name of a Great Expectations class, arguments, severity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_assets.checks.judgement import Severity

LARGEST = 1.7976931348623157e308
"""The largest finite float64: values beyond it, and NaN, are not finite."""
SHA256 = "^[0-9a-f]{64}$"


@dataclass(frozen=True)
class Where:
    """Restricts an expectation to the rows whose column has one of these values."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Expectation:
    """One expectation on the rows of a table, or on its schema.

    Attributes:
        kind: Class name in `great_expectations.expectations`.
        kwargs: Its arguments, JSON-able.
        severity: What a failure means.
        where: Rows that it is about; None for all.
        on: `rows`, or `schema` for a frame with one row (column, family) per column.
        indicator: (column, value) where the expectation is about a derived column that is 1.0 in
            rows with that value and 0.0 in the others; its name is `kwargs["column"]`.
        optional: Whether it is skipped where the table lacks the column.
    """

    kind: str
    kwargs: Mapping[str, Any]
    severity: Severity = "critical"
    where: Where | None = None
    on: Literal["rows", "schema"] = "rows"
    indicator: tuple[str, str] | None = None
    optional: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that it reads, without those of its restriction."""
        if self.indicator is not None:
            return (self.indicator[0],)
        if "column_list" in self.kwargs:
            return tuple(self.kwargs["column_list"])
        return (self.kwargs["column"],) if "column" in self.kwargs else ()

    @property
    def title(self) -> str:
        """What it says, for people."""
        numbers = {k: v for k, v in self.kwargs.items() if k not in {"column", "column_list"}}
        body = ", ".join(f"{key}={value}" for key, value in numbers.items())
        about = ", ".join(self.columns)
        only = f" where {self.where.column} in {list(self.where.values)}" if self.where else ""
        return f"{self.kind}({about}{': ' if about and body else ''}{body}){only}"


def not_null(
    column: str, where: Where | None = None, severity: Severity = "critical"
) -> Expectation:
    """Each row has a value."""
    return Expectation("ExpectColumnValuesToNotBeNull", {"column": column}, severity, where)


def not_nulls(*columns: str, where: Where | None = None) -> list[Expectation]:
    """Each row has a value in each of these columns."""
    return [not_null(column, where) for column in columns]


def between(
    column: str,
    low: float | None,
    high: float | None,
    where: Where | None = None,
    severity: Severity = "critical",
) -> Expectation:
    """Each value that is there lies in the closed interval; NaN never does."""
    kwargs = {"column": column, "min_value": low, "max_value": high}
    given = {key: value for key, value in kwargs.items() if value is not None}
    return Expectation("ExpectColumnValuesToBeBetween", given, severity, where)


def finite(column: str, where: Where | None = None) -> Expectation:
    """Each value that is there is a finite number."""
    return between(column, -LARGEST, LARGEST, where)


def in_set(column: str, values: Sequence[str], where: Where | None = None) -> Expectation:
    """Each value that is there is one of these."""
    kwargs = {"column": column, "value_set": list(values)}
    return Expectation("ExpectColumnValuesToBeInSet", kwargs, "critical", where)


def matches(column: str, pattern: str, where: Where | None = None) -> Expectation:
    """Each text that is there matches the pattern (anchored by the pattern itself)."""
    kwargs = {"column": column, "regex": pattern}
    return Expectation("ExpectColumnValuesToMatchRegex", kwargs, "critical", where)


def unique(*columns: str) -> Expectation:
    """No two rows have the same values in these columns."""
    if len(columns) == 1:
        return Expectation("ExpectColumnValuesToBeUnique", {"column": columns[0]})
    return Expectation("ExpectCompoundColumnsToBeUnique", {"column_list": list(columns)})


def row_count(low: int | None, high: int | None = None) -> Expectation:
    """The table has that many rows."""
    kwargs = {"min_value": low, "max_value": high}
    given = {key: value for key, value in kwargs.items() if value is not None}
    return Expectation("ExpectTableRowCountToBeBetween", given)


def distinct_count(column: str, low: int, where: Where | None = None) -> Expectation:
    """The column has at least that many different values."""
    kwargs = {"column": column, "min_value": low}
    return Expectation("ExpectColumnUniqueValueCountToBeBetween", kwargs, "critical", where)


def share(column: str, value: str, low: float, high: float, where: Where) -> Expectation:
    """The share of rows with that value, among those that have any, lies between low and high."""
    kwargs = {"column": f"{column} is {value}", "min_value": low, "max_value": high}
    return Expectation(
        "ExpectColumnMeanToBeBetween", kwargs, "critical", where, "rows", (column, value)
    )


def schema(families: Mapping[str, str]) -> tuple[Expectation, Expectation]:
    """The table has these columns, each of its family.

    Args:
        families: Column → text, integer, number, flag or list; with `?` it may be all null.
    """
    pairs: list[tuple[str, str]] = []
    for column, family in families.items():
        name = family.rstrip("?")
        pairs.append((column, name))
        if name == "number":
            pairs.append((column, "integer"))
        if family.endswith("?"):
            pairs.append((column, "null"))
    return (
        Expectation(
            "ExpectColumnDistinctValuesToContainSet",
            {"column": "column", "value_set": list(families)},
            on="schema",
        ),
        Expectation(
            "ExpectColumnPairValuesToBeInSet",
            {"column_A": "column", "column_B": "family", "value_pairs_set": pairs},
            on="schema",
        ),
    )
