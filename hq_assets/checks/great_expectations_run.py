"""Runs a suite: every row up to a limit, streamed aggregates and a sample above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hq_assets.checks import frame_columns
from hq_assets.checks.great_expectations_engine import validate
from hq_assets.checks.judgement import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from hq_assets.checks.expectations import Expectation
    from hq_assets.checks.judgement import Severity


@dataclass(frozen=True)
class ExpectationResult:
    """What one expectation found.

    Attributes:
        expectation: The expectation.
        passed: Whether it holds.
        observed: The observed value as text: a statistic, the first unexpected values, or why it
            could not be evaluated.
        unexpected_count: Rows that break it; None where it is not about single rows.
        rows: At most 20 of them, named by the identifying columns and the value.
        scope: `rows` (each row seen), `aggregate` (streamed over each row), `sample` or `schema`.
    """

    expectation: Expectation
    passed: bool
    observed: str
    unexpected_count: int | None
    rows: Sequence[Mapping[str, Any]]
    scope: str

    @property
    def severity(self) -> Severity:
        """What a failure means."""
        return self.expectation.severity


@dataclass(frozen=True)
class SuiteResult:
    """What a suite found.

    Attributes:
        results: One per expectation; above the row limit also one per expectation on the sample.
        rows: Rows of the table.
        rows_checked: Rows that Great Expectations itself has seen.
        sampled: Whether those were a sample, and the rest was judged by streamed aggregates.
        null_fraction: Nulls among the cells of the columns that the suite reads.
    """

    results: Sequence[ExpectationResult]
    rows: int
    rows_checked: int
    sampled: bool
    null_fraction: float

    @property
    def passed(self) -> bool:
        """Whether every expectation holds, of either severity."""
        return all(result.passed for result in self.results)

    @property
    def blocks(self) -> bool:
        """Whether an expectation of severity critical fails."""
        return any(not result.passed and result.severity == "critical" for result in self.results)


def run_suite(
    frame: pl.LazyFrame,
    expectations: Sequence[Expectation],
    *,
    row_limit: int = 1_000_000,
    seed: int = 0,
    id_columns: Sequence[str] = (),
) -> SuiteResult:
    """Judge a frame by a suite.

    Args:
        frame: Rows of the stage's main table; list columns are flattened first.
        expectations: The suite.
        row_limit: Rows up to which Great Expectations gets the frame itself.
        seed: Seed of the sample that it gets above the limit, next to the aggregates.
        id_columns: Columns that name a row in the result.
    """
    on_schema = [item for item in expectations if item.on == "schema"]
    results = _run_on_schema(frame, on_schema)
    flat = frame_columns.flatten(frame)
    present = set(flat.collect_schema().names())
    on_rows: list[Expectation] = []
    for item in expectations:
        if item.on == "schema":
            continue
        needed = {*item.columns, *([item.where.column] if item.where else [])}
        missing = sorted(needed - present)
        if not missing:
            on_rows.append(item)
        elif not item.optional:
            results.append(_missing(item, missing))
    rows = _height(frame)
    flat = frame_columns.with_indicators(flat, on_rows)
    named = [column for column in id_columns if column in present]
    if rows <= row_limit:
        whole = flat.collect(engine="streaming")
        results += _run_on_rows(whole, on_rows, named, "rows")
        checked = rows
    else:
        results += _run_on_aggregates(flat, on_rows, named)
        chosen = frame_columns.sample(flat, rows, seed, min(frame_columns.SAMPLE_ROWS, row_limit))
        of_rows = [item for item in on_rows if frame_columns.unexpected(item) is not None]
        results += _run_on_rows(chosen, of_rows, named, "sample")
        checked = chosen.height
    nulls = _null_fraction(flat, [column for item in on_rows for column in item.columns])
    return SuiteResult(tuple(results), rows, checked, rows > row_limit, nulls)


def _height(frame: pl.LazyFrame) -> int:
    import polars as pl

    return int(frame.select(pl.len()).collect(engine="streaming").item())


def _null_fraction(flat: pl.LazyFrame, columns: Sequence[str]) -> float:
    import polars as pl

    wanted = sorted(set(columns))
    if not wanted:
        return 0.0
    counts = flat.select(pl.col(wanted).null_count(), __rows=pl.len()).collect(engine="streaming")
    *nulls, rows = counts.row(0)
    return sum(nulls) / (rows * len(nulls)) if rows else 0.0


def _missing(item: Expectation, missing: Sequence[str]) -> ExpectationResult:
    return ExpectationResult(item, False, f"column missing: {', '.join(missing)}", None, (), "rows")


def _run_on_schema(
    frame: pl.LazyFrame, expectations: Sequence[Expectation]
) -> list[ExpectationResult]:
    if not expectations:
        return []
    required: set[str] = set()
    for item in expectations:
        required |= set(item.kwargs.get("value_set", ()))
    found = frame_columns.schema_frame(frame, sorted(required))
    results: list[ExpectationResult] = []
    for item, (passed, observed, _) in zip(
        expectations, validate(found, expectations), strict=True
    ):
        if passed:
            results.append(ExpectationResult(item, True, observed, 0, (), "schema"))
            continue
        rows = _schema_rows(found, item)
        text = "; ".join(f"{row['column']}: {row['reason']}" for row in rows)
        results.append(ExpectationResult(item, False, text, len(rows), rows, "schema"))
    return results


def _schema_rows(found: pl.DataFrame, item: Expectation) -> list[dict[str, Any]]:
    """The columns that are missing, or those of another family than allowed."""
    if "value_set" in item.kwargs:
        missing = sorted(set(item.kwargs["value_set"]) - set(found["column"]))
        return [{"column": column, "reason": "missing"} for column in missing]
    allowed: dict[str, list[str]] = {}
    for column, family in item.kwargs["value_pairs_set"]:
        allowed.setdefault(column, []).append(family)
    return [
        {"column": column, "reason": f"is {family}, needs {' or '.join(allowed[column])}"}
        for column, family in found.iter_rows()
        if family not in allowed[column]
    ]


def _run_on_rows(
    frame: pl.DataFrame, expectations: Sequence[Expectation], named: Sequence[str], scope: str
) -> list[ExpectationResult]:
    verdicts = validate(frame, expectations)
    results: list[ExpectationResult] = []
    for item, (passed, observed, count) in zip(expectations, verdicts, strict=True):
        rows = () if passed else _examples(frame.lazy(), item, named)
        results.append(ExpectationResult(item, passed, observed, count, rows, scope))
    return results


def _run_on_aggregates(
    flat: pl.LazyFrame, expectations: Sequence[Expectation], named: Sequence[str]
) -> list[ExpectationResult]:
    from hq_assets.checks.expectations import between

    numbers = frame_columns.aggregates(flat, expectations)
    bounded = []
    for index, item in enumerate(expectations):
        bounds = frame_columns.aggregate_bounds(item)
        bounded.append(between(f"e{index}", bounds.get("min_value"), bounds.get("max_value")))
    results: list[ExpectationResult] = []
    for index, (passed, _, _) in enumerate(validate(numbers, bounded)):
        item, value = expectations[index], numbers.item(0, f"e{index}")
        of_rows = frame_columns.aggregate_bounds(item) == {"max_value": 0} and value is not None
        rows = () if passed else _examples(flat, item, named)
        # A statistic of no rows is null, which Great Expectations would skip.
        holds = passed and value is not None
        count = int(value) if of_rows else None  # pyright: ignore[reportArgumentType] - a number there
        results.append(ExpectationResult(item, holds, str(value), count, rows, "aggregate"))
    return results


def _examples(
    frame: pl.LazyFrame, item: Expectation, named: Sequence[str]
) -> tuple[dict[str, Any], ...]:
    broken = frame_columns.unexpected_rows(frame, item)
    if broken is None:
        return ()
    wanted = list(dict.fromkeys((*named, *item.columns)))
    return tuple(broken.select(wanted).head(EXAMPLES).collect(engine="streaming").to_dicts())
