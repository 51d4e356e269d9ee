"""Method, shots and seeds of a profile."""

import polars as pl
import pytest

from hq_assets.checks import profile
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _judge(method, shots, seeds):
    rows = pl.LazyFrame({"name": ["p"], "method": [method], "shots": [shots]})
    evidence = Evidence({"profile": {"rows": rows}}, {"profile": {"seeds": seeds}})
    return [each.passed for each in profile.judge(evidence, CheckFacts())]


@pytest.mark.parametrize(
    ("method", "shots", "seeds", "passed"),
    [
        ("exact", 0, [0, 1], [True, True]),
        ("sampled", 1024, [0], [True, True]),
        ("exact", 5, [0], [False, True]),
        ("sampled", 0, [0], [False, True]),
        ("binomial", 0, [0], [False, True]),
        ("sampled", 10, [3, 3], [True, False]),
        ("sampled", 10, [], [True, False]),
    ],
)
def test_shots_fit_the_method_and_seeds_are_named_once(method, shots, seeds, passed):
    assert _judge(method, shots, seeds) == passed


def test_a_repeated_seed_is_named():
    assert profile.seeds_are_distinct([4, 7, 4]).rows == [
        {"seed": 4, "reason": "named more than once"}
    ]
