"""Judgements on `profile`: method, shots and seeds fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks.judgement import Judgement

if TYPE_CHECKING:
    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Shots fit the method; seeds are named once."""
    del facts
    row = evidence.rows("profile").collect().row(0, named=True)
    seeds = list(evidence.facts_of("profile").get("seeds", ()))
    return [shots_fit_the_method(row["method"], row["shots"]), seeds_are_distinct(seeds)]


def shots_fit_the_method(method: str, shots: int) -> Judgement:
    """Exact results have no shots, all others at least one."""
    passed = (shots == 0) == (method == "exact")
    needed = "0" if method == "exact" else "at least 1"
    summary = f"method {method} with {shots} shots" + ("" if passed else f", needs {needed}")
    return Judgement("shots_fit_the_method", passed, "critical", summary, (), {"shots": shots})


def seeds_are_distinct(seeds: list[int]) -> Judgement:
    """At least one seed, each named once."""
    repeated = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    passed = bool(seeds) and not repeated
    summary = f"{len(seeds)} seeds" + (f", repeated: {repeated}" if repeated else "")
    rows = [{"seed": seed, "reason": "named more than once"} for seed in repeated]
    return Judgement("seeds_are_distinct", passed, "critical", summary, rows, {"seeds": len(seeds)})
