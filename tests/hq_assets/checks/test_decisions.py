"""Each test record is decided once, and nothing passes for what it is not."""

import polars as pl
import pytest

from hq_assets.checks import decisions
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _decided(**planted):
    columns = {
        "record_id": ["a", "b", "a", "b"],
        "seed": [0, 0, 1, 1],
        "published": [True, True, False, False],
        "outcome": ["action", "abstain", "action", "recommendation"],
        "confidence_value": [0.9, None, 0.7, 0.6],
        "confidence_kind": ["probability of the label", None, "probability of the label", "margin"],
        "tier": ["simulator"] * 4,
        "backend": ["ideal_aer"] * 4,
    }
    return pl.LazyFrame({**columns, **planted})


def _judge(rows, *, tier="simulator", backend="ideal_aer", seeds=(0, 1), inline=True, **facts):
    cleaned = pl.LazyFrame(
        {
            "record_id": ["a", "b", "t", "a", "b", "t"],
            "seed": [0, 0, 0, 1, 1, 1],
            "split": ["test", "test", "train"] * 2,
            "status": ["ok"] * 6,
        }
    )
    results = pl.LazyFrame(
        {"seed": list(seeds), "tier": [tier] * len(seeds), "backend": [backend] * len(seeds)}
    )
    evidence = Evidence(
        {
            "decisions": {"rows": rows},
            "cleaned_features": {"rows": cleaned},
            "normalized_results": {"rows": results},
        },
        {"target": {"backend": backend, "limits": {"inline": inline}}},
    )
    return {each.name: each for each in decisions.judge(evidence, CheckFacts(**facts))}


def test_good_decisions_pass_and_the_share_of_abstentions_is_told():
    verdicts = _judge(_decided())
    assert [name for name, each in verdicts.items() if not each.passed] == []
    assert verdicts["outcomes"].metadata["abstained_share"] == 0.25


@pytest.mark.parametrize(
    ("planted", "name", "reason"),
    [
        (
            {"record_id": ["a", "a", "a", "b"]},
            "each_test_record_is_decided_once",
            "has 2 decisions",
        ),
        (
            {"record_id": ["a", "x", "a", "b"]},
            "each_test_record_is_decided_once",
            "has 0 decisions",
        ),
        (
            {"confidence_value": [1.2, None, 0.7, 0.6]},
            "confidences_are_probabilities",
            "confidence 1.2",
        ),
        (
            {"confidence_value": [None, None, 0.7, 0.6]},
            "confidences_are_probabilities",
            "confidence missing",
        ),
        (
            {"published": [True, False, False, False]},
            "one_seed_is_published",
            "1 of 2 rows published",
        ),
        ({"published": [True] * 4}, "one_seed_is_published", "2 of 2 rows published"),
        ({"published": [False] * 4}, "one_seed_is_published", "0 of 2 rows published"),
        (
            {"tier": ["quantum"] + ["simulator"] * 3},
            "tiers_are_those_of_the_results",
            "no result of seed 0 has tier quantum and backend ideal_aer",
        ),
        ({"tier": ["quantum"] * 4}, "nothing_passes_for_quantum", "tier quantum from ideal_aer"),
    ],
)
def test_a_planted_fault_is_named(planted, name, reason):
    verdict = _judge(_decided(**planted))[name]
    assert not verdict.passed
    assert reason in [row["reason"] for row in verdict.rows]


def test_a_margin_is_no_probability_and_may_exceed_one():
    assert _judge(_decided(confidence_value=[0.9, None, 0.7, 3.0]))[
        "confidences_are_probabilities"
    ].passed


def test_a_quantum_computer_may_answer_as_quantum():
    rows = _decided(tier=["quantum"] * 4, backend=["qpu"] * 4)
    verdicts = _judge(rows, tier="quantum", backend="qpu", inline=False)
    assert verdicts["nothing_passes_for_quantum"].passed
    assert verdicts["tiers_are_those_of_the_results"].passed
    told = _judge(rows, tier="quantum", backend="qpu", inline=False, simulators=("qpu",))
    assert not told["nothing_passes_for_quantum"].passed


def test_an_answer_without_a_backend_is_never_quantum():
    rows = _decided(tier=["quantum"] * 4, backend=pl.Series([None] * 4, dtype=pl.String))
    assert not _judge(rows, inline=False)["nothing_passes_for_quantum"].passed


def test_a_seed_without_results_has_no_origin_to_agree_with():
    rows = _decided(tier=["simulator", "simulator", "classical", "classical"])
    assert _judge(rows, seeds=(0,))["tiers_are_those_of_the_results"].passed
    assert not _judge(rows)["tiers_are_those_of_the_results"].passed
