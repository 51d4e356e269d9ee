"""What Great Expectations is given of a frame: flat columns, schema, aggregates, a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from hq_assets.checks.expectations import Expectation

SAMPLE_ROWS = 100_000
"""Rows of the sample that Great Expectations sees above the limit (expected number)."""
HASH_RANGE = 2**64


def flatten(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Replace each list by numbers about it, drop binary and structs, give all-null columns a type.

    `<column>_length` for every list; `<column>_min`, `<column>_max`, `<column>_not_finite` (number
    of null, NaN or infinite elements) for lists of floats; the first two elements `<column>_0`,
    `<column>_1` for lists of integers, which hold indices.
    """
    import polars as pl

    parts: list[pl.Expr] = []
    for name, dtype in frame.collect_schema().items():
        column = pl.col(name)
        if isinstance(dtype, (pl.List, pl.Array)):
            parts += _of_list(
                column if isinstance(dtype, pl.List) else column.arr.to_list(), name, dtype.inner
            )
        elif dtype == pl.Null:
            parts.append(column.cast(pl.String))
        elif not (dtype.is_nested() or dtype in {pl.Binary, pl.Object}):
            parts.append(column)
    return frame.select(parts)


def _of_list(column: pl.Expr, name: str, inner: Any) -> list[pl.Expr]:
    import polars as pl

    parts = [column.list.len().cast(pl.Int64).alias(f"{name}_length")]
    if inner in {pl.Float64, pl.Float32}:
        finite = pl.element().is_finite().fill_null(value=False)
        parts += [
            column.list.min().alias(f"{name}_min"),
            column.list.max().alias(f"{name}_max"),
            column.list.eval((~finite).cast(pl.Int64)).list.sum().alias(f"{name}_not_finite"),
        ]
    elif inner.is_integer():
        parts += [column.list.get(k, null_on_oob=True).alias(f"{name}_{k}") for k in (0, 1)]
    return parts


def schema_frame(frame: pl.LazyFrame, columns: Sequence[str]) -> pl.DataFrame:
    """One row (column, family) for each of the columns that the frame has."""
    import polars as pl

    found = frame.collect_schema()
    rows = [(name, family(found[name])) for name in columns if name in found]
    return pl.DataFrame(rows, schema={"column": pl.String, "family": pl.String}, orient="row")


def family(dtype: Any) -> str:
    """The family of a Polars type: text, integer, number, flag, list, null or other."""
    import polars as pl

    if dtype in {pl.String, pl.Categorical, pl.Enum}:
        return "text"
    if dtype == pl.Boolean:
        return "flag"
    if dtype == pl.Null:
        return "null"
    if isinstance(dtype, (pl.List, pl.Array)):
        return "list"
    if dtype.is_integer():
        return "integer"
    return "number" if dtype.is_numeric() else "other"


def with_indicators(frame: pl.LazyFrame, expectations: Sequence[Expectation]) -> pl.LazyFrame:
    """Add the derived 0/1 columns that the expectations read; null stays null."""
    import polars as pl

    added = {
        str(item.kwargs["column"]): (pl.col(item.indicator[0]).cast(pl.String) == item.indicator[1])
        for item in expectations
        if item.indicator is not None
    }
    return frame.with_columns(expr.cast(pl.Float64).alias(name) for name, expr in added.items())


def unexpected_rows(frame: pl.LazyFrame, item: Expectation) -> pl.LazyFrame | None:
    """The rows that break a row-level expectation, or None where it is not about single rows."""
    import polars as pl

    mask = unexpected(item)
    if mask is not None:
        return frame.filter(mask)
    if not _is_unique(item):
        return None
    columns = list(item.columns)
    # Like Great Expectations: a row is no repetition of another where all its values are missing.
    frame = frame.filter(pl.any_horizontal(pl.col(columns).is_not_null()))
    keys = pl.struct(columns).hash()
    # Equal rows have equal hashes, so only the few rows with a repeated hash are compared by value.
    repeated = frame.with_columns(__key=keys).group_by("__key").len().filter(pl.col("len") > 1)
    candidates = frame.with_columns(__key=keys).join(repeated, on="__key", how="semi").drop("__key")
    return candidates.filter(pl.len().over(columns) > 1)


def unexpected(item: Expectation) -> pl.Expr | None:
    """The rows that break a row-level expectation, as an expression; None for the other kinds."""
    import polars as pl

    broken = _broken(item)
    if broken is None or item.where is None:
        return broken
    return broken & pl.col(item.where.column).is_in(item.where.values)


def _broken(item: Expectation) -> pl.Expr | None:
    import polars as pl

    kwargs = item.kwargs
    column = pl.col(str(kwargs.get("column")))
    match item.kind:
        case "ExpectColumnValuesToNotBeNull":
            return column.is_null()
        case "ExpectColumnValuesToBeBetween":
            # NaN compares false in Great Expectations, but greater than all in Polars.
            inside = ~column.cast(pl.Float64).is_nan()
            if "min_value" in kwargs:
                inside &= column >= kwargs["min_value"]
            if "max_value" in kwargs:
                inside &= column <= kwargs["max_value"]
            return column.is_not_null() & ~inside
        case "ExpectColumnValuesToBeInSet":
            return column.is_not_null() & ~column.cast(pl.String).is_in(kwargs["value_set"])
        case "ExpectColumnValuesToMatchRegex":
            return column.is_not_null() & ~column.str.contains(kwargs["regex"])
        case _:
            return None


def _is_unique(item: Expectation) -> bool:
    return item.kind in {"ExpectColumnValuesToBeUnique", "ExpectCompoundColumnsToBeUnique"}


def aggregates(frame: pl.LazyFrame, expectations: Sequence[Expectation]) -> pl.DataFrame:
    """One row with one number per expectation, `e0`, `e1` …, computed in one streaming pass.

    Row-level expectations become the number of unexpected rows, uniqueness the number of rows
    beyond the first of their kind (by 64-bit hash: 8 bytes per row), the others their statistic.
    """
    parts = [_aggregate(item).alias(f"e{index}") for index, item in enumerate(expectations)]
    return frame.select(parts).collect(engine="streaming")


def _aggregate(item: Expectation) -> pl.Expr:
    import polars as pl

    mask = unexpected(item)
    if mask is not None:
        return mask.sum().cast(pl.Int64)
    if _is_unique(item):
        columns = list(item.columns)
        keys = pl.struct(columns).hash()
        keys = keys.filter(pl.any_horizontal(pl.col(columns).is_not_null()))
        return keys.len().cast(pl.Int64) - keys.n_unique().cast(pl.Int64)
    if item.kind == "ExpectTableRowCountToBeBetween":
        return pl.len().cast(pl.Int64)
    column = pl.col(str(item.kwargs["column"]))
    if item.where is not None:
        column = column.filter(pl.col(item.where.column).is_in(item.where.values))
    if item.kind == "ExpectColumnUniqueValueCountToBeBetween":
        return column.drop_nulls().n_unique().cast(pl.Int64)
    if item.kind == "ExpectColumnMeanToBeBetween":
        return column.mean()
    message = f"no streamed form of {item.kind}; add one, or use a kind that has one"
    raise NotImplementedError(message)


def aggregate_bounds(item: Expectation) -> Mapping[str, float]:
    """Bounds that the aggregate of an expectation must keep."""
    if unexpected(item) is not None or _is_unique(item):
        return {"max_value": 0}
    return {key: item.kwargs[key] for key in ("min_value", "max_value") if key in item.kwargs}


def sample(frame: pl.LazyFrame, rows: int, seed: int, expected: int = SAMPLE_ROWS) -> pl.DataFrame:
    """About `expected` of `rows` rows, each kept by the hash of its position under a seed."""
    import polars as pl

    threshold = min(HASH_RANGE - 1, int(HASH_RANGE * expected / max(rows, 1)))
    keep = pl.col("__position").hash(seed) < pl.lit(threshold, dtype=pl.UInt64)
    chosen = frame.with_row_index("__position").filter(keep).drop("__position")
    return chosen.collect(engine="streaming")
