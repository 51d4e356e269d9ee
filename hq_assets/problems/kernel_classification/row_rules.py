"""What is wrong with rows of a table: types, missing and out-of-range values, labels, ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        classes: NEGATIVE, POSITIVE, DROPPED or UNLABELLED per row, int8.
        dropped: Rows of the batch that are dropped, ascending, int64.
        reasons: Why, one text per dropped row.
    """

    ids: pl.Series
    values: np.ndarray
    flaws: np.ndarray
    classes: np.ndarray
    dropped: np.ndarray
    reasons: Sequence[str]


def judge_rows(batch: pl.DataFrame, settings: Settings) -> JudgedRows:
    """Apply all rules that look at one row alone.

    Args:
        batch: Id, features (Float64, or String where the file holds text among the numbers), label.
        settings: The rules.
    """
    names = list(settings.features)
    values, flaws = _numbers(batch.select(names))
    _mark_out_of_range(values, flaws, settings)
    values[flaws != FINE] = np.nan
    ids = batch[settings.id_column]
    classes = _classes(batch[settings.label_column], settings)
    bad = _drop_mask(flaws, ids, classes, settings)
    dropped = np.flatnonzero(bad)
    reasons = [
        _drop_reason(row, flaws[row], ids, batch[settings.label_column], classes, settings)
        for row in dropped.tolist()
    ]
    classes[dropped] = DROPPED
    return JudgedRows(ids, values, flaws, classes, dropped, reasons)


def _numbers(columns: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Values (NaN where none) and flaws ABSENT, NOT_FINITE, WRONG_TYPE, both (rows, features)."""
    values = np.empty(columns.shape, order="F")
    flaws = np.zeros(columns.shape, dtype=np.int8, order="F")
    for j, column in enumerate(columns):
        numbers = column
        if column.dtype == pl.String:
            numbers = column.cast(pl.Float64, strict=False)
            if numbers.null_count() > column.null_count():
                stripped = column.str.strip_chars().replace("", None)
                numbers = stripped.cast(pl.Float64, strict=False)
                wrong = numbers.is_null() & stripped.is_not_null()
                flaws[wrong.to_numpy(), j] = WRONG_TYPE
        if numbers.null_count():
            absent = numbers.is_null().to_numpy() & (flaws[:, j] == FINE)
            flaws[absent, j] = ABSENT
        values[:, j] = numbers.to_numpy()
        finite = np.isfinite(values[:, j])
        if not finite.all():
            flaws[~finite & (flaws[:, j] == FINE), j] = NOT_FINITE
    return values, flaws


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


def _drop_mask(
    flaws: np.ndarray, ids: pl.Series, classes: np.ndarray, settings: Settings
) -> np.ndarray:
    bad = classes == DROPPED
    if settings.unlabelled == "drop":
        bad |= classes == UNLABELLED
    if ids.null_count():
        bad |= ids.is_null().to_numpy()
    if flaws.any():
        bad |= (flaws == WRONG_TYPE).any(axis=1)
        bad |= (flaws != FINE).sum(axis=1) > settings.missing.max_per_row
        if settings.out_of_range == "drop":
            bad |= (flaws == OUT_OF_RANGE).any(axis=1)
    return bad


def _drop_reason(
    row: int,
    flaws: np.ndarray,
    ids: pl.Series,
    labels: pl.Series,
    classes: np.ndarray,
    settings: Settings,
) -> str:
    """All causes that make one row unusable, joined by semicolons."""
    names = np.array(list(settings.features))
    parts: list[str] = []
    if ids[row] is None:
        parts.append(f"missing {settings.id_column}")
    fatal = [WRONG_TYPE] + ([OUT_OF_RANGE] if settings.out_of_range == "drop" else [])
    parts += [
        f"{FLAW_WORDS[code]} in {', '.join(names[flaws == code])}"
        for code in fatal
        if (flaws == code).any()
    ]
    without = int((flaws != FINE).sum())
    if without > settings.missing.max_per_row:
        parts.append(
            f"{without} of {len(names)} values missing, at most {settings.missing.max_per_row} allowed"
        )
    if classes[row] == UNLABELLED and settings.unlabelled == "drop":
        parts.append(f"missing {settings.label_column}")
    elif classes[row] == DROPPED:
        parts.append(f"unknown {settings.label_column} '{labels[row]}'")
    return "; ".join(parts)
