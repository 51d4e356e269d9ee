"""Judgements on `source`: every file has its own content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks.judgement import Judgement, judge_rows

if TYPE_CHECKING:
    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Files with the same bytes are reported, references name the bytes they stand for."""
    del facts
    rows = evidence.rows("source")
    return [references_name_the_content(rows), contents_differ(rows)]


def references_name_the_content(rows: pl.LazyFrame) -> Judgement:
    """The reference into the store begins with the content hash."""
    import polars as pl

    wrong = rows.filter(~pl.col("ref").str.starts_with(pl.col("content_hash")))
    return judge_rows(
        "references_name_the_content",
        wrong.select(
            "path", "content_hash", "ref", reason=pl.lit("the reference is of other bytes")
        ),
        holds="each reference carries the hash of its file",
        fails="references are of other bytes than their file",
    )


def contents_differ(rows: pl.LazyFrame) -> Judgement:
    """No two files hold the same bytes; a copy is suspicious, not wrong."""
    import polars as pl

    copies = rows.filter(pl.len().over("content_hash") > 1)
    return judge_rows(
        "contents_differ",
        copies.select("path", "content_hash", reason=pl.lit("another file holds the same bytes")),
        holds="no two files hold the same bytes",
        fails="files hold the same bytes as another",
        severity="warning",
    )
