"""Judgements on `raw_counts`: totals, weights, bit widths, shots asked against returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks import facts as known
from hq_assets.checks.judgement import Judgement, judge_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts

EXECUTION = ("circuit_id", "seed", "execution")
EXACT_TOLERANCE = 1e-9
"""Weights of an exact execution are squares of at most 2^25 normalized float64 amplitudes."""
REPORTED_TOLERANCE = 1e-6
"""Weights that a provider reports for sampled shots are rounded to decimal digits."""
ANSWERED_ELSEWHERE = ("classical", "cached")
"""Tiers that answer a request without executing anything; then no execution is missing."""
JOINED = "all"
"""Name of the register in which the bits of several registers stand together."""


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Shots, weights, bits and completeness."""
    rows = evidence.rows("raw_counts")
    compiled, encoded = evidence.rows("compiled_circuits"), evidence.rows("encoded_inputs")
    pairs = evidence.table("encoded_inputs", "pairs")
    counted = evidence.facts_of("raw_counts")
    judgements = [
        counts_sum_to_shots_returned(rows),
        weights_sum_to_one(rows),
        weights_are_not_negative(rows, declared=facts.negative_probabilities),
        shots_returned_as_asked(rows),
        bits_fit_the_circuit(rows, compiled),
        rest_only_for_pairs(rows, pairs),
    ]
    if counted.get("origin", {}).get("tier") not in ANSWERED_ELSEWHERE:
        refused = counted.get("refused", {})
        judgements += executions_are_complete(rows, compiled, encoded, pairs, refused)
    return judgements


def _per_register(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Registers that were not joined are complete marginals: each sums for itself."""
    import polars as pl

    return rows.group_by(*EXECUTION, "register").agg(
        total=pl.col("count").sum(),
        counted=pl.col("count").count(),
        weight=pl.col("weight").sum(),
        weighted=pl.col("weight").count(),
        exact=(pl.col("method") == "exact").all(),
        least=pl.col("shots_returned").min(),
        most=pl.col("shots_returned").max(),
        rows=pl.len(),
    )


def counts_sum_to_shots_returned(rows: pl.LazyFrame) -> Judgement:
    """Sampled and binomial outcomes: integer counts whose sum is the number of shots returned."""
    import polars as pl

    sums = _per_register(rows.filter(pl.col("method") != "exact"))
    apart = (pl.col("total") != pl.col("least")) | (pl.col("least") != pl.col("most"))
    # A backend may return weights of sampled shots (IonQ does): then these are judged instead.
    counted = (pl.col("weighted") == 0) | (pl.col("counted") > 0)
    wrong = sums.filter(counted & (apart | (pl.col("counted") != pl.col("rows"))))
    reason = pl.format("{} counts sum to {}, shots returned are {}", "counted", "total", "least")
    executions = sums.select(pl.len(), pl.col("total").sum()).collect(engine="streaming").row(0)
    return judge_rows(
        "counts_sum_to_shots_returned",
        wrong.select(*EXECUTION, "register", reason=reason),
        holds=f"counts of {executions[0]} executions sum to the shots returned",
        fails="executions have counts that do not sum to the shots returned",
        metadata={"executions_counted": executions[0], "shots_counted": executions[1] or 0},
    )


def weights_sum_to_one(rows: pl.LazyFrame) -> Judgement:
    """Weights of an execution sum to 1: exact ones within 1e-9, reported ones within 1e-6."""
    import polars as pl

    weighted = rows.filter((pl.col("method") == "exact") | pl.col("weight").is_not_null())
    sums = _per_register(weighted)
    off = (pl.col("weight") - 1).abs()
    tolerance = pl.when(pl.col("exact")).then(EXACT_TOLERANCE).otherwise(REPORTED_TOLERANCE)
    reason = (
        pl.when(pl.col("weighted") != pl.col("rows"))
        .then(pl.format("{} of {} outcomes have a weight", "weighted", "rows"))
        .when(~(off <= tolerance))
        .then(pl.format("weights sum to {}", "weight"))
    )
    wrong = sums.with_columns(reason=reason).filter(pl.col("reason").is_not_null())
    largest = sums.select(off.max()).collect(engine="streaming").item()
    return judge_rows(
        "weights_sum_to_one",
        wrong.select(*EXECUTION, "register", "reason"),
        holds="weights sum to 1",
        fails="executions have weights that do not sum to 1",
        metadata={"largest_weight_error": float(largest or 0.0)},
    )


def weights_are_not_negative(rows: pl.LazyFrame, *, declared: bool) -> Judgement:
    """A weight below zero is a declared quasi-probability, or it is reported."""
    import polars as pl

    wrong = rows.filter((pl.col("weight") < -EXACT_TOLERANCE) & pl.lit(not declared))
    return judge_rows(
        "weights_are_not_negative",
        wrong.select(*EXECUTION, "register", "bitstring", reason=pl.format("weight {}", "weight")),
        holds="no undeclared weight below zero",
        fails="outcomes have a weight below zero that is not declared",
        severity="warning",
    )


def shots_returned_as_asked(rows: pl.LazyFrame) -> Judgement:
    """The backend returned as many shots as asked for; a difference is reported, not refused."""
    import polars as pl

    sampled = rows.filter(pl.col("method") != "exact")
    apart = sampled.filter(pl.col("shots") != pl.col("shots_returned"))
    found = apart.select(*EXECUTION, "shots", "shots_returned").unique()
    reason = pl.format("asked for {} shots, {} returned", "shots", "shots_returned")
    return judge_rows(
        "shots_returned_as_asked",
        found.with_columns(reason=reason),
        holds="as many shots returned as asked for",
        fails="executions returned another number of shots than asked for",
        severity="warning",
    )


def bits_fit_the_circuit(rows: pl.LazyFrame, compiled: pl.LazyFrame) -> Judgement:
    """A bitstring has as many bits as its compiled circuit has classical bits, spaces left out.

    Registers that could not be joined have rows of their own; together they have all bits.
    """
    import polars as pl

    executed = compiled.filter((pl.col("role") == "circuit") & (pl.col("status") == "ok"))
    known_bits = executed.select("circuit_id", "classical_bits").unique("circuit_id")
    strings = rows.filter(pl.col("bitstring") != "rest").select(
        "circuit_id", "register", "bitstring"
    )
    bits = pl.col("bitstring").str.replace_all(" ", "", literal=True).str.len_bytes().cast(pl.Int64)
    # Few different widths stand for many rows: group by them before joining.
    found = strings.group_by("circuit_id", "register", bits=bits).agg(
        example=pl.col("bitstring").min()
    )
    whole = pl.col("register").n_unique().over("circuit_id") == 1
    total = pl.when(whole | (pl.col("register") == JOINED)).then(pl.col("bits"))
    total = total.otherwise(pl.col("bits").sum().over("circuit_id"))
    joined = found.with_columns(total=total).join(known_bits, on="circuit_id", how="left")
    wrong = joined.filter(~pl.col("total").eq_missing(pl.col("classical_bits")))
    reason = (
        pl.when(pl.col("classical_bits").is_null())
        .then(pl.lit("has outcomes, but no compiled circuit"))
        .otherwise(pl.format("{} bits, the circuit has {}", "total", "classical_bits"))
    )
    return judge_rows(
        "bits_fit_the_circuit",
        wrong.select("circuit_id", "register", bitstring="example", reason=reason),
        holds="every bitstring has the width of its circuit",
        fails="widths of bitstrings differ from their circuit's classical bits",
    )


def rest_only_for_pairs(rows: pl.LazyFrame, pairs: pl.LazyFrame | None) -> Judgement:
    """The outcome `rest` stands only in executions of pairs, beside the all-zero outcome."""
    import polars as pl

    empty = pl.LazyFrame(schema={"circuit_id": pl.String, "seed": pl.Int64})
    paired = (empty if pairs is None else pairs).select("circuit_id", "seed").unique()
    rest = rows.filter(pl.col("bitstring") == "rest")
    wrong = rest.join(paired, on=["circuit_id", "seed"], how="anti")
    return judge_rows(
        "rest_only_for_pairs",
        wrong.select(*EXECUTION, "register", reason=pl.lit("`rest` outside pairs loses outcomes")),
        holds="`rest` stands only in pairs",
        fails="outcomes are lumped together as `rest` outside pairs",
    )


def executions_are_complete(
    rows: pl.LazyFrame,
    compiled: pl.LazyFrame,
    encoded: pl.LazyFrame,
    pairs: pl.LazyFrame | None,
    refused: Mapping[str, str],
) -> list[Judgement]:
    """Every parameter row or pair of an executable circuit has outcomes, or a reason is stated.

    Args:
        rows: Outcomes.
        compiled: Compiled circuits.
        encoded: Parameter rows.
        pairs: Pairs of parameter rows, or None where the workload has none.
        refused: Circuit → why it has no outcomes; with a reason they are reported, without one the
            chain stops.
    """
    import polars as pl

    keys = ["circuit_id", "seed"]
    executable = compiled.filter((pl.col("role") == "circuit") & (pl.col("status") == "ok"))
    asked = encoded.filter(pl.col("status").is_in(known.USABLE)).group_by(keys).agg(asked=pl.len())
    if pairs is not None:
        of_pairs = pairs.group_by(keys).agg(asked=pl.len())
        asked = pl.concat([of_pairs, asked.join(of_pairs, on=keys, how="anti")])
    asked = asked.join(executable.select("circuit_id").unique(), on="circuit_id", how="semi")
    found = rows.group_by(keys).agg(found=pl.col("execution").n_unique())
    joined = asked.join(found, on=keys, how="left").with_columns(pl.col("found").fill_null(0))
    wrong = joined.filter(pl.col("found") != pl.col("asked"))
    counted = pl.format("{} of {} executions have outcomes", "found", "asked")
    reasons = pl.LazyFrame(
        {"circuit_id": list(refused), "stated": list(refused.values())},
        schema={"circuit_id": pl.String, "stated": pl.String},
    )
    explained = wrong.join(reasons, on="circuit_id", how="inner")
    return [
        judge_rows(
            "executions_are_complete",
            wrong.join(reasons, on="circuit_id", how="anti").select(*keys, reason=counted),
            holds="every execution has outcomes or a stated reason",
            fails="circuits lack outcomes of some executions without a stated reason",
        ),
        judge_rows(
            "no_execution_is_refused",
            explained.select(*keys, reason=pl.concat_str(counted, pl.lit(": "), "stated")),
            holds="no execution is refused",
            fails="circuits lack outcomes of some executions for a stated reason",
            severity="warning",
        ),
    ]
