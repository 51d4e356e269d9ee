"""The first look at a whole source: which rows can be used, which repeat, and why others cannot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from hq_assets.classical.record_hashes import hash_texts, mix
from hq_assets.classical.smallest_keys import SmallestKeys
from hq_assets.problems.contract import DataError
from hq_assets.problems.kernel_classification.row_rules import (
    DROPPED,
    FINE,
    FLAW_WORDS,
    NEGATIVE,
    POSITIVE,
    UNLABELLED,
    WRONG_TYPE,
    JudgedRows,
    judge_rows,
)
from hq_assets.problems.kernel_classification.table_files import (
    check_table,
    explain_line,
    read_batches,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_assets.problems.contract import SourceFile
    from hq_assets.problems.kernel_classification.settings import Settings


_SPARE_ROWS = 1000
"""Kept beyond twice the training rows, so that repeated rows and chance rarely exhaust them."""


Reading = Literal["numbers", "texts", "lenient"]
"""How numeric columns are read: as numbers (fastest, no text may stand among them), as texts, or as
numbers with null for every text, once the rows with such texts are known to be dropped."""


@dataclass(frozen=True)
class Survey:
    """What is known of every row; 17 bytes a row besides the dropped ones.

    Attributes:
        hashes: Hash of the record id per row, in source order, uint64.
        classes: Class code per row (`row_rules`), int8; DROPPED for all that cannot be used.
        dropped: Columns row (i64, position in the source, ascending) and reason (str).
        renamed: Dropped rows whose id another row has, ascending, int64.
        reading: How the columns are read the next time.
        nearest: Per seed the rows that are first in its order, with their values.
        facts: Counts for people and checks.
    """

    hashes: np.ndarray
    classes: np.ndarray
    dropped: pl.DataFrame
    renamed: np.ndarray
    reading: Reading
    nearest: list[SmallestKeys]
    facts: dict[str, Any]


def judged_batches(
    files: Sequence[SourceFile], settings: Settings, reading: Reading
) -> Iterator[tuple[SourceFile, int, JudgedRows]]:
    """Yield every batch of the source with its judgement, in order.

    Raises:
        polars.exceptions.ComputeError: A line cannot be read, or a text stands among the numbers.
    """
    number = pl.String if reading == "texts" else pl.Float64
    types = {
        settings.id_column: pl.String,
        **dict.fromkeys(settings.features, number),
        settings.label_column: pl.String,
    }
    markers, lenient = settings.missing.markers, reading == "lenient"
    for file, seen, batch in read_batches(files, types, markers, ignore_errors=lenient):
        yield file, seen, judge_rows(batch, settings)


def survey_table(files: Sequence[SourceFile], settings: Settings, seeds: Sequence[int]) -> Survey:
    """Read the source once and decide which rows can be used.

    Raises:
        DataError: A file is unusable, a column holds no numbers, or a class has no usable row.
    """
    if not files:
        message = "No source file was given. Add a CSV file to the workload's data folder."
        raise DataError(message)
    for file in files:
        check_table(file, settings.required_columns())
    try:
        survey = _survey(files, settings, seeds, "numbers")
    except pl.exceptions.ComputeError:
        survey = _survey_texts(files, settings, seeds)
    _check_classes(survey, settings)
    return survey


def _survey_texts(files: Sequence[SourceFile], settings: Settings, seeds: Sequence[int]) -> Survey:
    try:
        return _survey(files, settings, seeds, "texts")
    except pl.exceptions.ComputeError as error:
        for file in files:
            explain_line(file)
        names = ", ".join(file.path for file in files)
        first = str(error).strip().splitlines()[0]
        message = f"{names} cannot be read as CSV: {first}. Correct the quotes and delimiters."
        raise DataError(message) from error


def _survey(
    files: Sequence[SourceFile], settings: Settings, seeds: Sequence[int], reading: Reading
) -> Survey:
    hashes, contents, classes, dropped = [], [], [], []
    flaws = np.zeros((len(FLAW_WORDS), len(settings.features)), dtype=np.int64)
    capacity = 2 * settings.train_rows + _SPARE_ROWS
    nearest = [SmallestKeys(capacity, len(settings.features)) for _ in seeds]
    rows, blanks = 0, False
    for _, _, judged in judged_batches(files, settings, reading):
        hashes.append(hash_texts(judged.ids))
        # Compared only within this call, so the hash need not be stable between versions of Polars.
        contents.append(pl.from_numpy(judged.values).hash_rows().to_numpy())
        classes.append(judged.classes)
        usable = np.flatnonzero(judged.classes != DROPPED)
        for seed, keeper in zip(seeds, nearest, strict=True):
            keeper.add(mix(hashes[-1][usable], seed), usable, judged.values, offset=rows)
        if judged.dropped.size:
            part = {"row": judged.dropped + rows, "reason": judged.reasons}
            dropped.append(pl.DataFrame(part))
        found = judged.flaws[judged.flawed]
        flaws += [(found == code).sum(axis=0) for code in range(len(FLAW_WORDS))]
        blanks |= judged.has_blanks
        rows += len(judged.ids)
    if reading == "texts" and not blanks:
        reading = "lenient"
    _check_columns(files, flaws, rows, settings)
    ids = np.concatenate(hashes)
    survey = _Rows(ids, np.concatenate(contents), np.concatenate(classes), _shared(ids))
    dropped += _drop_repeated(survey, settings)
    frame = pl.concat([pl.DataFrame(schema=_DROPPED_SCHEMA), *dropped]).sort("row")
    renamed = _taken_ids(survey)
    facts = _facts(files, rows, survey.classes, frame, flaws, settings)
    return Survey(survey.hashes, survey.classes, frame, renamed, reading, nearest, facts)


@dataclass
class _Rows:
    hashes: np.ndarray
    contents: np.ndarray
    classes: np.ndarray
    shared: np.ndarray
    """Rows whose id another row has, ascending."""


def _drop_repeated(rows: _Rows, settings: Settings) -> list[pl.DataFrame]:
    """Drop usable rows that repeat an earlier usable id, then those that repeat its values."""
    labelled = mix(rows.contents, 0) ^ rows.classes.astype(np.uint64)
    parts = [_drop_later(rows, rows.hashes, rows.shared, "repeated id")]
    if settings.duplicates == "drop":
        parts.append(_drop_later(rows, labelled, _shared(labelled), "repeated values"))
    return parts


def _drop_later(rows: _Rows, keys: np.ndarray, shared: np.ndarray, what: str) -> pl.DataFrame:
    """Drop usable rows whose key an earlier usable row has.

    Args:
        rows: All rows; their classes are changed in place.
        keys: Key per row.
        shared: Rows that share their key with another one.
        what: Words of the reason.
    """
    usable = shared[rows.classes[shared] != DROPPED]
    later, first = _later_ones(keys[usable])
    rows.classes[usable[later]] = DROPPED
    reasons = [f"{what}, first in row {row + 1} of the source" for row in usable[first].tolist()]
    return pl.DataFrame({"row": usable[later], "reason": reasons}, schema=_DROPPED_SCHEMA)


def _shared(keys: np.ndarray) -> np.ndarray:
    """Rows whose key another row has, ascending."""
    ordered = np.sort(keys)  # measured: a third of the time of hashing all keys
    several = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not several.size:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(pl.Series(keys).is_in(pl.Series(several)).to_numpy())


def _later_ones(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions that repeat an earlier key, ascending, and the position of that first key."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    firsts = first[inverse]
    later = np.flatnonzero(firsts != np.arange(len(keys)))
    return later, firsts[later]


def _taken_ids(rows: _Rows) -> np.ndarray:
    """Dropped rows whose id belongs to a usable row, or else to an earlier dropped one, ascending."""
    usable_first = rows.shared[np.argsort(rows.classes[rows.shared] == DROPPED, kind="stable")]
    later, _ = _later_ones(rows.hashes[usable_first])
    return np.sort(usable_first[later])


_DROPPED_SCHEMA = {"row": pl.Int64, "reason": pl.String}


def _check_columns(
    files: Sequence[SourceFile], flaws: np.ndarray, rows: int, settings: Settings
) -> None:
    names = ", ".join(file.path for file in files)
    for j, column in enumerate(settings.features):
        wrong = int(flaws[WRONG_TYPE, j])
        without = int(flaws[FINE + 1 :, j].sum())
        if without < rows:
            continue
        given = "only text" if wrong else "no finite value within its range"
        message = (
            f"{names}: column '{column}' has {given} in {rows} rows, but numbers are needed. "
            "Correct the source, or remove the feature from the settings."
        )
        raise DataError(message)


def _check_classes(survey: Survey, settings: Settings) -> None:
    counts = {
        settings.negative_label: int((survey.classes == NEGATIVE).sum()),
        settings.positive_label: int((survey.classes == POSITIVE).sum()),
    }
    absent = [label for label, count in counts.items() if not count]
    if absent:
        found = {label: count for label, count in counts.items() if count} or "no usable rows"
        reasons = survey.facts["rows_dropped_by_reason"]
        message = (
            f"Column '{settings.label_column}' has no usable row of {absent}, found: {found}; dropped: "
            f"{reasons}. Needed are rows of both classes; correct the source or the labels in the settings."
        )
        raise DataError(message)


def _facts(
    files: Sequence[SourceFile],
    rows: int,
    classes: np.ndarray,
    dropped: pl.DataFrame,
    flaws: np.ndarray,
    settings: Settings,
) -> dict[str, Any]:
    return {
        "files": len(files),
        "rows_read": rows,
        "rows_usable": int((classes != DROPPED).sum()),
        "rows_dropped": len(dropped),
        "rows_dropped_by_reason": _reason_counts(dropped),
        "rows_by_label": {
            settings.negative_label: int((classes == NEGATIVE).sum()),
            settings.positive_label: int((classes == POSITIVE).sum()),
        },
        "rows_unlabelled": int((classes == UNLABELLED).sum()),
        "flaws_by_feature": {
            name: {
                FLAW_WORDS[code]: int(n) for code, n in enumerate(flaws[:, j]) if n and code != FINE
            }
            for j, name in enumerate(settings.features)
            if flaws[FINE + 1 :, j].any()
        },
    }


def _reason_counts(dropped: pl.DataFrame) -> dict[str, int]:
    """Number of dropped rows by the kind of their first reason."""
    kind = pl.col("reason").str.extract(r"^([a-z ]+?)(?: in |, |; |;| '|$)", 1)
    kinds = dropped.select(kind.alias("kind"))["kind"].fill_null("values missing")
    return dict(sorted(Counter(kinds.to_list()).items()))
