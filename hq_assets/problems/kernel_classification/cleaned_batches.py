"""Cleaned rows of a source, one batch after the other, once the survey and the fits are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from hq_assets.classical.splitting import SPLIT_NAMES
from hq_assets.problems.kernel_classification.row_rules import FLAW_WORDS, JudgedRows
from hq_assets.problems.kernel_classification.table_survey import Survey, judged_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_assets.classical.preparation import CleaningFit
    from hq_assets.problems.contract import SourceFile
    from hq_assets.problems.kernel_classification.settings import Settings


def clean_batches(
    files: Sequence[SourceFile],
    settings: Settings,
    survey: Survey,
    splits: np.ndarray,
    fits: Sequence[CleaningFit],
    seeds: Sequence[int],
) -> Iterator[pl.DataFrame]:
    """Cleaned rows of one batch of the source after the other."""
    done = 0
    dropped_rows = survey.dropped["row"].to_numpy()
    for file, seen, judged in judged_batches(files, settings, survey.reading):
        here = slice(done, done + len(judged.ids))
        first, last = np.searchsorted(dropped_rows, [here.start, here.stop])
        dropped = survey.dropped.slice(first, last - first)
        common = _common_columns(file, seen, judged, survey.classes[here], settings)
        first, last = np.searchsorted(survey.renamed, [here.start, here.stop])
        taken = survey.renamed[first:last] - done
        taken = taken[judged.ids.gather(taken).is_not_null().to_numpy()]
        common["record_id"] = _distinct_ids(file, seen, common["record_id"], taken)
        frames = [
            _clean_rows(judged, fit, common, splits[here, number], settings, seed, dropped, done)
            for number, (fit, seed) in enumerate(zip(fits, seeds, strict=True))
        ]
        yield _record_by_record(frames)
        done = here.stop


def _common_columns(
    file: SourceFile, seen: int, judged: JudgedRows, classes: np.ndarray, settings: Settings
) -> dict[str, pl.Series]:
    """Columns that are the same for every seed."""
    rows = len(judged.ids)
    names = [settings.negative_label, settings.positive_label, None]
    codes = np.where(classes >= 0, classes, 2)
    lines = pl.int_range(seen + 2, seen + 2 + rows, eager=True)
    ids = judged.ids
    if ids.null_count():
        ids = ids.fill_null(pl.Series([f"{file.path}:{line}" for line in lines]))
    return {
        "record_id": ids,
        "label": pl.Series(names, dtype=pl.String).gather(codes),
        "source_file": pl.Series([file.path]).new_from_index(0, rows),
        "source_line": lines,
    }


def _distinct_ids(file: SourceFile, seen: int, ids: pl.Series, taken: np.ndarray) -> pl.Series:
    """Ids in which dropped rows that repeat another row's id are told apart by their line."""
    if not taken.size:
        return ids
    names = [f"{ids[row]} ({file.path}:{seen + row + 2})" for row in taken.tolist()]
    return ids.scatter(taken, pl.Series(names))


def _clean_rows(
    judged: JudgedRows,
    fit: CleaningFit,
    common: dict[str, pl.Series],
    split: np.ndarray,
    settings: Settings,
    seed: int,
    dropped: pl.DataFrame,
    offset: int,
) -> pl.DataFrame:
    """One batch for one seed; `dropped` holds source rows, which start at `offset` here."""
    values, clipped = fit.apply(judged.values)
    rows = len(values)
    gone = dropped["row"].to_numpy() - offset
    values[gone] = judged.values[gone]
    status = np.zeros(rows, dtype=np.int8)
    status[judged.flawed] = 1
    for column in clipped.T:
        status[column] = 1
    status[gone] = 2
    reasons = pl.Series("reason", [None], dtype=pl.String).new_from_index(0, rows)
    changed = np.flatnonzero(status == 1)
    if changed.size:
        reasons = reasons.scatter(changed, _change_reasons(judged, fit, clipped, changed, settings))
    if gone.size:
        reasons = reasons.scatter(gone, dropped["reason"])
    columns = {
        "record_id": common["record_id"],
        "seed": pl.Series([seed]).new_from_index(0, rows),
        "split": pl.Series(SPLIT_NAMES).gather(split),
        **_feature_columns(values, settings, has_gaps=bool(gone.size)),
        "label": common["label"],
        "status": pl.Series(["ok", "changed", "dropped"]).gather(status),
        "reason": reasons,
        "source_file": common["source_file"],
        "source_line": common["source_line"],
    }
    return pl.DataFrame(columns)


def _feature_columns(
    values: np.ndarray, settings: Settings, *, has_gaps: bool
) -> dict[str, pl.Series]:
    """Features as columns; what a dropped row lacks is null."""
    columns = zip(settings.features, values.T, strict=True)
    return {name: pl.Series(column, nan_to_null=has_gaps) for name, column in columns}


def _change_reasons(
    judged: JudgedRows,
    fit: CleaningFit,
    clipped: np.ndarray,
    rows: np.ndarray,
    settings: Settings,
) -> pl.Series:
    """Texts such as `area missing, set to the median 551.1; radius 28.1 clipped to 27.2`, one per row."""
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(rows))
    parts: list[pl.Series] = []
    for j, name in enumerate(settings.features):
        gaps = np.flatnonzero(judged.flaws[rows, j])
        over = np.flatnonzero(clipped[rows, j])
        if not (gaps.size or over.size):
            continue
        words = pl.Series("word", FLAW_WORDS).gather(judged.flaws[rows[gaps], j])
        replaced = pl.format(f"{name} {{}}, set to the median {fit.medians[j]:.6g}", "word")
        given = judged.values[rows[over], j]
        bound = np.where(given > fit.upper[j], fit.upper[j], fit.lower[j])
        numbers = pl.DataFrame({"given": given, "bound": bound})
        numbers = numbers.with_columns(pl.all().round_sig_figs(6))
        bounded = pl.format(f"{name} {{}} clipped to {{}}", "given", "bound")
        text = nothing.alias(name)
        text = text.scatter(gaps, words.to_frame().select(replaced).to_series())
        parts.append(text.scatter(over, numbers.select(bounded).to_series()))
    joined = pl.concat_str(pl.all(), separator="; ", ignore_nulls=True)
    return pl.DataFrame(parts).select(reason=joined).to_series()


def _record_by_record(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Interleave frames of equal length: all seeds of the first record, then all of the next."""
    if len(frames) == 1:
        return frames[0]
    order = np.arange(len(frames) * len(frames[0])).reshape(len(frames), -1).T.ravel()
    return pl.concat(frames)[order]
