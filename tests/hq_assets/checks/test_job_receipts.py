"""No payload is sent twice, and all jobs have one origin."""

import polars as pl

from hq_assets.checks import job_receipts
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _judge(**planted):
    columns = {
        "idempotency_key": ["k1", "k2"],
        "payload_fingerprint": ["p1", "p2"],
        "provider_job_id": ["j1", "j2"],
        "backend": ["ideal"] * 2,
        "method": ["sampled"] * 2,
        "executions": [3, 4],
        "shots": [300, 400],
    }
    evidence = Evidence({"job_receipts": {"rows": pl.LazyFrame({**columns, **planted})}})
    return {each.name: each for each in job_receipts.judge(evidence, CheckFacts())}


def test_distinct_receipts_pass_and_their_numbers_are_told():
    verdicts = _judge()
    assert all(each.passed for each in verdicts.values())
    assert verdicts["one_origin"].metadata == {"jobs": 2, "executions": 7, "shots_asked": 700}


def test_a_payload_that_was_sent_twice_is_named():
    verdict = _judge(payload_fingerprint=["p1", "p1"])["payload_fingerprint_is_distinct"]
    assert [row["idempotency_key"] for row in verdict.rows] == ["k1", "k2"]


def test_an_answer_that_would_be_counted_twice_is_named():
    verdict = _judge(provider_job_id=["j1", "j1"])["provider_job_id_is_distinct"]
    assert not verdict.passed
    assert _judge(provider_job_id=["j1", "j1"], backend=["a", "b"])[
        "provider_job_id_is_distinct"
    ].passed


def test_two_backends_in_one_set_of_receipts_are_named():
    verdict = _judge(backend=["a", "b"])["one_origin"]
    assert [row["backend"] for row in verdict.rows] == ["a", "b"]
