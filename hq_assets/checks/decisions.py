"""Judgements on `decisions`: one per test record and seed, honest probabilities and tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_assets.checks import facts as known
from hq_assets.checks.judgement import Judgement, judge_rows

if TYPE_CHECKING:
    from collections.abc import Collection

    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts

PROBABILITY = r"(?i)^(calibrated[ _])?probability"
"""Kinds of confidence that are probabilities; the words after it say of what."""


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Completeness, probabilities, publication, tiers."""
    rows = evidence.rows("decisions")
    target = evidence.facts_of("target")
    inline = (target.get("limits") or {}).get("inline", False)
    simulators = {*facts.simulators, *([target["backend"]] if inline else [])}
    return [
        each_test_record_is_decided_once(rows, evidence.rows("cleaned_features")),
        confidences_are_probabilities(rows),
        one_seed_is_published(rows),
        tiers_are_those_of_the_results(rows, evidence.rows("normalized_results")),
        nothing_passes_for_quantum(rows, simulators),
        outcomes(rows),
    ]


def each_test_record_is_decided_once(rows: pl.LazyFrame, cleaned: pl.LazyFrame) -> Judgement:
    """Each usable test record of each seed has exactly one decision."""
    import polars as pl

    keys = ["record_id", "seed"]
    wanted = cleaned.filter(
        (pl.col("split") == "test") & pl.col("status").is_in(known.USABLE)
    ).select(keys)
    found = rows.group_by(keys).agg(found=pl.len())
    joined = wanted.join(found, on=keys, how="left").with_columns(pl.col("found").fill_null(0))
    wrong = joined.filter(pl.col("found") != 1)
    return judge_rows(
        "each_test_record_is_decided_once",
        wrong.select(*keys, reason=pl.format("has {} decisions", "found")),
        holds="each test record of each seed has one decision",
        fails="test records have no decision, or several",
    )


def confidences_are_probabilities(rows: pl.LazyFrame) -> Judgement:
    """A confidence of kind probability lies between 0 and 1."""
    import polars as pl

    kind = pl.col("confidence_kind").str.contains(PROBABILITY)
    inside = pl.col("confidence_value").is_between(0, 1).fill_null(value=False)
    wrong = rows.filter(kind & ~inside)
    reason = pl.format(
        "confidence {}", pl.col("confidence_value").cast(pl.String).fill_null("missing")
    )
    return judge_rows(
        "confidences_are_probabilities",
        wrong.select("record_id", "seed", reason=reason),
        holds="every probability lies between 0 and 1",
        fails="probabilities are missing or outside [0, 1]",
    )


def one_seed_is_published(rows: pl.LazyFrame) -> Judgement:
    """Exactly one seed is published, with all its rows."""
    import polars as pl

    seeds = rows.group_by("seed").agg(published=pl.col("published").sum(), rows=pl.len()).collect()
    whole = seeds.filter((pl.col("published") == pl.col("rows")) & (pl.col("rows") > 0))
    partly = seeds.filter(pl.col("published").is_between(1, pl.col("rows") - 1))
    passed = whole.height == 1 and partly.is_empty()
    reason = pl.format("{} of {} rows published", "published", "rows")
    bad = () if passed else seeds.sort("seed").select("seed", reason=reason).head(20).to_dicts()
    summary = f"{whole.height} of {seeds.height} seeds published, {partly.height} in part"
    return Judgement(
        "one_seed_is_published", passed, "critical", summary, bad, {"decision_seeds": seeds.height}
    )


def tiers_are_those_of_the_results(rows: pl.LazyFrame, results: pl.LazyFrame) -> Judgement:
    """A decision's tier and backend are those of a normalized result of the same seed."""
    import polars as pl

    keys = ["seed", "tier", "backend"]
    origins = results.select(keys).unique()
    # A seed without any result has decisions that abstain; there is no origin to agree with.
    answered = rows.join(results.select("seed").unique(), on="seed", how="semi")
    wrong = answered.join(origins, on=keys, how="anti", nulls_equal=True)
    reason = pl.format(
        "no result of seed {} has tier {} and backend {}",
        "seed",
        "tier",
        pl.col("backend").fill_null("null"),
    )
    return judge_rows(
        "tiers_are_those_of_the_results",
        wrong.select("record_id", "seed", reason=reason),
        holds="every decision carries tier and backend of its results",
        fails="decisions carry another tier or backend than their results",
    )


def nothing_passes_for_quantum(rows: pl.LazyFrame, simulators: Collection[str]) -> Judgement:
    """Tier quantum stands only on rows of a backend that is a quantum computer."""
    import polars as pl

    no_qpu = pl.col("backend").is_null() | pl.col("backend").is_in(sorted(simulators))
    wrong = rows.filter((pl.col("tier") == "quantum") & no_qpu)
    backend = pl.col("backend").fill_null("no backend")
    return judge_rows(
        "nothing_passes_for_quantum",
        wrong.select("record_id", "seed", reason=pl.format("tier quantum from {}", backend)),
        holds="no simulated or classical answer is called quantum",
        fails="decisions are called quantum without a quantum computer",
    )


def outcomes(rows: pl.LazyFrame) -> Judgement:
    """Share of abstentions, for the plot; always passes."""
    import polars as pl

    of: Any = rows.select(pl.len(), (pl.col("outcome") == "abstain").mean()).collect().row(0)
    share = float(of[1] or 0.0)
    return Judgement(
        "outcomes",
        True,
        "warning",
        f"{share:.1%} of {of[0]} decisions abstain",
        (),
        {"abstained_share": share},
    )
