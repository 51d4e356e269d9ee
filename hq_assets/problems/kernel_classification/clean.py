"""From CSV files to cleaned rows with their split, one per record and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from hq_assets.classical.preparation import CleaningFit, fit_cleaning
from hq_assets.classical.splitting import SPLIT_NAMES, TEST, TRAIN, stratified_split
from hq_assets.problems.contract import Cleaned, DataError, Transform
from hq_assets.problems.kernel_classification.cleaned_batches import clean_batches
from hq_assets.problems.kernel_classification.row_rules import NEGATIVE, POSITIVE, UNLABELLED
from hq_assets.problems.kernel_classification.table_survey import (
    Survey,
    judged_batches,
    survey_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_assets.problems.contract import SourceFile
    from hq_assets.problems.kernel_classification.settings import Settings


def clean(files: Sequence[SourceFile], settings: Settings, seeds: Sequence[int]) -> Cleaned:
    """Clean a table of any length in bounded memory.

    Rows are judged, split by class and seeded hash of their id, and only then medians and outlier
    fences are fitted, on the training rows of each seed. The frame reads the files again when it is
    collected, a batch at a time.

    Args:
        files: CSV files in UTF-8, read in this order.
        settings: Columns, rules and sizes.
        seeds: Seeds of the splits.

    Returns:
        Rows ordered by source row, then seed: record_id, seed, split, the features (f64, finite
        unless dropped), label (null for a new record), status, reason, source_file, source_line (the
        line, where no field contains a line break). A dropped row has split `unused`; its file and
        line complete its id where that is absent or another row's.

    Raises:
        DataError: A file cannot be used, a class is missing, or there are too few rows.
    """
    survey = survey_table(files, settings, seeds)
    splits = np.stack([_split(survey, settings, seed) for seed in seeds], axis=1)
    fits = _fit_on_training_rows(files, settings, survey, splits, seeds)
    schema = _schema(settings)

    def batches(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        for frame in clean_batches(files, settings, survey, splits, fits, seeds):
            part = frame.cast(schema) if predicate is None else frame.cast(schema).filter(predicate)
            part = part if columns is None else part.select(columns)
            if rows is not None:
                part, rows = part.head(rows), rows - len(part.head(rows))
            yield part
            if rows == 0:
                return

    return Cleaned(
        frame=register_io_source(batches, schema=schema),
        transforms=_transforms(settings, fits, seeds),
        facts={**survey.facts, "rows_by_seed_and_split": _split_counts(splits, seeds)},
    )


def _schema(settings: Settings) -> pl.Schema:
    columns: dict[str, Any] = {
        "record_id": pl.String,
        "seed": pl.Int64,
        "split": pl.String,
        **dict.fromkeys(settings.features, pl.Float64),
        "label": pl.String,
        "status": pl.String,
        "reason": pl.String,
        "source_file": pl.String,
        "source_line": pl.Int64,
    }
    return pl.Schema(columns)


def _split(survey: Survey, settings: Settings, seed: int) -> np.ndarray:
    """Split codes of all rows; new records without label are all in the test part.

    Raises:
        DataError: There are fewer usable rows than asked for, or a class is too small to split.
    """
    try:
        split = stratified_split(
            survey.hashes, survey.classes, seed, settings.train_rows, settings.test_rows
        )
    except ValueError as error:
        message = (
            f"Split of seed {seed}: {error}. Dropped: {survey.facts['rows_dropped_by_reason']}."
        )
        raise DataError(message) from error
    split[survey.classes == UNLABELLED] = TEST
    folds = settings.classifier.folds
    for code, label in ((POSITIVE, settings.positive_label), (NEGATIVE, settings.negative_label)):
        found = int(((survey.classes == code) & (split == TRAIN)).sum())
        if found < folds:
            message = (
                f"Split of seed {seed} has {found} training rows of '{label}', but {folds} folds need "
                f"at least {folds}. Raise train_rows or add rows of that class."
            )
            raise DataError(message)
    return split


def _fit_on_training_rows(
    files: Sequence[SourceFile],
    settings: Settings,
    survey: Survey,
    splits: np.ndarray,
    seeds: Sequence[int],
) -> list[CleaningFit]:
    """Fences and medians per seed.

    Raises:
        DataError: A feature has no value in the training rows of a seed.
    """
    fits = []
    for number, seed in enumerate(seeds):
        rows = np.flatnonzero(splits[:, number] == TRAIN)
        values = survey.nearest[number].values_of(rows)
        if values is None:
            values = _read_rows(files, settings, survey, rows)
        try:
            rule = settings.outliers
            fits.append(fit_cleaning(values, rule.quantiles, rule.multiplier))
        except ValueError as error:
            message = f"Seed {seed}: {error} (of {list(settings.features)}). Add values or rows."
            raise DataError(message) from error
    return fits


def _read_rows(
    files: Sequence[SourceFile], settings: Settings, survey: Survey, rows: np.ndarray
) -> np.ndarray:
    """Values of the given source rows, ascending, from one more pass over the files."""
    parts, done = [], 0
    for _, _, judged in judged_batches(files, settings, survey.reading):
        first, last = np.searchsorted(rows, [done, done + len(judged.values)])
        parts.append(judged.values[rows[first:last] - done])
        done += len(judged.values)
    return np.concatenate(parts)


def _split_counts(splits: np.ndarray, seeds: Sequence[int]) -> dict[str, dict[str, int]]:
    return {
        str(seed): dict(
            zip(SPLIT_NAMES, np.bincount(splits[:, number], minlength=3).tolist(), strict=True)
        )
        for number, seed in enumerate(seeds)
    }


def _transforms(
    settings: Settings, fits: Sequence[CleaningFit], seeds: Sequence[int]
) -> list[Transform]:
    """What was applied, in order: the split, then filling and clipping per seed."""
    names = list(settings.features)
    split = Transform(
        name="stratified_split",
        fitted_on="fixed",
        parameters={
            "key": "splitmix64 of the record id",
            "train_rows": settings.train_rows,
            "test_rows": settings.test_rows,
        },
    )
    steps = [split]
    for fit, seed in zip(fits, seeds, strict=True):
        rows = f"split == train, seed {seed}"
        medians = dict(zip(names, fit.medians.tolist(), strict=True))
        fences = {
            name: [float(low) if np.isfinite(low) else None, float(up) if np.isfinite(up) else None]
            for name, low, up in zip(names, fit.lower, fit.upper, strict=True)
        }
        steps.append(Transform("impute_median", rows, {"medians": medians}))
        steps.append(Transform("clip_outliers", rows, {"fences": fences}))
    return steps
