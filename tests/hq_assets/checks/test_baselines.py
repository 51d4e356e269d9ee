"""Every classical method answers under every seed."""

import polars as pl

from hq_assets.checks import baselines
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _judge(rows):
    evidence = Evidence({"baselines": {"rows": rows}})
    return {each.name: each for each in baselines.judge(evidence, CheckFacts())}


def _rows(**planted):
    columns = {
        "method": ["svc", "svc", "logistic", "logistic"],
        "seed": [0, 1, 0, 1],
        "name": ["label"] * 4,
    }
    return pl.LazyFrame({**columns, **planted})


def test_methods_on_the_same_seeds_pass():
    verdicts = _judge(_rows(tier=["classical"] * 4))
    assert all(each.passed for each in verdicts.values())
    assert list(_judge(_rows())) == ["methods_answer_under_every_seed"]


def test_a_method_that_lacks_a_seed_is_named():
    verdict = _judge(_rows(seed=[0, 1, 0, 0]))["methods_answer_under_every_seed"]
    assert list(verdict.rows) == [{"method": "logistic", "reason": "answers under 1 of 2 seeds"}]


def test_a_baseline_that_passes_for_quantum_is_named():
    verdict = _judge(_rows(tier=["classical", "quantum", "classical", "classical"]))[
        "baselines_are_classical"
    ]
    assert verdict.rows[0]["reason"] == "tier is quantum"
