"""Source files and the bytes they stand for."""

import polars as pl

from hq_assets.checks import source
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _judge(hashes=("aa", "bb"), refs=("aa.csv", "bb.csv")):
    rows = pl.LazyFrame({"path": ["x.csv", "y.csv"], "content_hash": hashes, "ref": refs})
    return {
        each.name: each for each in source.judge(Evidence({"source": {"rows": rows}}), CheckFacts())
    }


def test_files_of_their_own_content_pass():
    assert all(each.passed for each in _judge().values())


def test_a_reference_to_other_bytes_is_critical():
    verdict = _judge(refs=("aa.csv", "cc.csv"))["references_name_the_content"]
    assert (verdict.passed, verdict.severity) == (False, "critical")
    assert verdict.rows[0]["path"] == "y.csv"


def test_two_files_with_the_same_bytes_are_a_warning():
    verdict = _judge(("aa", "aa"), ("aa.csv", "aa.csv"))["contents_differ"]
    assert (verdict.passed, verdict.severity) == (False, "warning")
    assert [row["path"] for row in verdict.rows] == ["x.csv", "y.csv"]
