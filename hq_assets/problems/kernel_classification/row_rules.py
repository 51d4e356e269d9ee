"""What is wrong with rows of a table: types, missing and out-of-range values, labels, ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from hq_assets.problems.kernel_classification.settings import Settings

FINE, ABSENT, NOT_FINITE, OUT_OF_RANGE, WRONG_TYPE = range(5)
"""Codes of flaws of a value."""

FLAW_WORDS = ("", "missing", "not finite", "out of range", "wrong type")
"""Words of each code, as they stand in reasons."""

NEGATIVE, POSITIVE, DROPPED, UNLABELLED = 0, 1, -1, -2
"""Codes of rows: the class of a usable row, or why it has none."""


@dataclass(frozen=True)
class JudgedRows:
    """A batch of rows as numbers, with what is wrong.

    Attributes:
        ids: Record ids, String series of length rows; null where absent.
        values: Shape (rows, features), float64, NaN where there is no usable value.
        flaws: Codes of flaws, same shape, int8.
        flawed: Rows with any flaw, ascending, int64.
        classes: NEGATIVE, POSITIVE, DROPPED or UNLABELLED per row, int8.
        dropped: Rows of the batch that are dropped, ascending, int64.
        reasons: Why, String series with one text per dropped row.
        has_blanks: Whether a usable number is one only without the blanks around it.
    """

    ids: pl.Series
    values: np.ndarray
    flaws: np.ndarray
    flawed: np.ndarray
    classes: np.ndarray
    dropped: np.ndarray
    reasons: pl.Series
    has_blanks: bool


def judge_rows(batch: pl.DataFrame, settings: Settings) -> JudgedRows:
    """Apply all rules that look at one row alone.

    Args:
        batch: Id, features (Float64, or String where the file holds text among the numbers), label.
        settings: The rules.
    """
    names = list(settings.features)
    values, flaws, has_blanks = _numbers(batch.select(names))
    _mark_out_of_range(values, flaws, settings)
    flawed = _blank_flaws(values, flaws)
    ids = batch[settings.id_column]
    classes = _classes(batch[settings.label_column], settings)
    dropped = np.flatnonzero(_drop_mask(flaws, flawed, ids, classes, settings))
    reasons = _drop_reasons(batch[dropped], flaws[dropped], classes[dropped], settings)
    classes[dropped] = DROPPED
    return JudgedRows(ids, values, flaws, flawed, classes, dropped, reasons, has_blanks)


def _numbers(columns: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, bool]:
    """Values (NaN where none) and flaws, both (rows, features), and whether blanks were in the way."""
    values = np.empty(columns.shape, order="F")
    flaws = np.zeros(columns.shape, dtype=np.int8, order="F")
    has_blanks = False
    for j, column in enumerate(columns):
        numbers = column.cast(pl.Float64, strict=False)
        values[:, j] = numbers.to_numpy()
        finite = np.isfinite(values[:, j])
        if finite.all():
            continue
        flaws[~finite, j] = NOT_FINITE
        if numbers.null_count():
            flaws[numbers.is_null().to_numpy(), j] = ABSENT
        if numbers.null_count() > column.null_count():
            has_blanks |= _read_again(column, numbers, values[:, j], flaws[:, j])
    return values, flaws, has_blanks


def _read_again(
    column: pl.Series, numbers: pl.Series, values: np.ndarray, flaws: np.ndarray
) -> bool:
    """Read texts that are no numbers without the blanks around them (in place); whether any became one."""
    rows = np.flatnonzero((numbers.is_null() & column.is_not_null()).to_numpy())
    stripped = column.gather(rows).str.strip_chars().replace("", None)
    again = stripped.cast(pl.Float64, strict=False)
    values[rows] = again.to_numpy()
    finite = again.is_finite().fill_null(value=False).to_numpy()
    codes = np.where(again.is_null().to_numpy(), WRONG_TYPE, NOT_FINITE)
    codes[stripped.is_null().to_numpy()] = ABSENT
    flaws[rows] = np.where(finite, FINE, codes)
    return bool((codes != WRONG_TYPE).any())


def _mark_out_of_range(values: np.ndarray, flaws: np.ndarray, settings: Settings) -> None:
    for j, feature in enumerate(settings.features.values()):
        if feature.range is None:
            continue
        low, high = feature.range
        outside = ~((values[:, j] >= low) & (values[:, j] <= high))
        if outside.any():
            flaws[outside & (flaws[:, j] == FINE), j] = OUT_OF_RANGE


def _classes(labels: pl.Series, settings: Settings) -> np.ndarray:
    """Class codes; DROPPED for an unknown label, UNLABELLED for none."""
    classes = np.full(len(labels), DROPPED, dtype=np.int8)
    classes[labels.eq_missing(settings.negative_label).to_numpy()] = NEGATIVE
    classes[labels.eq_missing(settings.positive_label).to_numpy()] = POSITIVE
    unknown = np.flatnonzero(classes == DROPPED)
    if unknown.size:
        stripped = labels.gather(unknown).str.strip_chars().replace("", None)
        known = {settings.negative_label: NEGATIVE, settings.positive_label: POSITIVE}
        codes = [UNLABELLED if text is None else known.get(text, DROPPED) for text in stripped]
        classes[unknown] = codes
    return classes


def _blank_flaws(values: np.ndarray, flaws: np.ndarray) -> np.ndarray:
    """Set values with a flaw to NaN (in place), column by column; return the rows that have one."""
    flawed = np.zeros(len(values), dtype=bool)
    for j in range(values.shape[1]):
        bad = flaws[:, j] != FINE
        values[bad, j] = np.nan
        flawed |= bad
    return np.flatnonzero(flawed)


def _drop_mask(
    flaws: np.ndarray, flawed: np.ndarray, ids: pl.Series, classes: np.ndarray, settings: Settings
) -> np.ndarray:
    bad = classes == DROPPED
    if settings.unlabelled == "drop":
        bad |= classes == UNLABELLED
    if ids.null_count():
        bad |= ids.is_null().to_numpy()
    found = flaws[flawed]
    fatal = (found == WRONG_TYPE).any(axis=1)
    fatal |= (found != FINE).sum(axis=1) > settings.missing.max_per_row
    if settings.out_of_range == "drop":
        fatal |= (found == OUT_OF_RANGE).any(axis=1)
    bad[flawed[fatal]] = True
    return bad


def _drop_reasons(
    batch: pl.DataFrame, flaws: np.ndarray, classes: np.ndarray, settings: Settings
) -> pl.Series:
    """All causes that make rows unusable, joined by semicolons, one text per row of the batch."""
    parts = [
        pl.Series(
            "id", _worded(batch[settings.id_column].is_null(), f"missing {settings.id_column}")
        )
    ]
    fatal = [WRONG_TYPE] + ([OUT_OF_RANGE] if settings.out_of_range == "drop" else [])
    parts += [_columns_with(flaws == code, FLAW_WORDS[code], settings) for code in fatal]
    without = pl.Series("n", (flaws != FINE).sum(axis=1))
    limit, total = settings.missing.max_per_row, flaws.shape[1]
    too_many = pl.format(
        "{} of {} values missing, at most {} allowed", "n", pl.lit(total), pl.lit(limit)
    )
    parts.append(
        without.to_frame().select(many=pl.when(pl.col("n") > limit).then(too_many)).to_series()
    )
    label = settings.label_column
    nothing = pl.Series((classes == UNLABELLED) & (settings.unlabelled == "drop"))
    parts.append(pl.Series("none", _worded(nothing, f"missing {label}")))
    unknown = pl.format(f"unknown {label} '{{}}'", pl.col("text"))
    table = pl.DataFrame({"text": batch[label], "bad": classes == DROPPED})
    parts.append(table.select(unknown=pl.when("bad").then(unknown)).to_series())
    joined = pl.concat_str(pl.all(), separator="; ", ignore_nulls=True)
    return pl.DataFrame(parts).select(reason=joined).to_series()


def _worded(mask: pl.Series, words: str) -> pl.Series:
    """The words where the mask holds, else null."""
    return mask.to_frame("mask").select(pl.when("mask").then(pl.lit(words))).to_series()


def _columns_with(mask: np.ndarray, word: str, settings: Settings) -> pl.Series:
    """`<word> in <columns>` per row, null where no column is marked."""
    names = [
        _worded(pl.Series(mask[:, j]), name).alias(name)
        for j, name in enumerate(settings.features)
        if mask[:, j].any()
    ]
    if not names:
        return pl.Series(word, [None] * len(mask), dtype=pl.String)
    joined = pl.concat_str(pl.all(), separator=", ", ignore_nulls=True)
    text = pl.when(joined != "").then(pl.format("{} in {}", pl.lit(word), joined))
    return pl.DataFrame(names).select(text.alias(word)).to_series()
