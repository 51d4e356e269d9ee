"""Splits and classes of cleaned records."""

from dataclasses import replace

import polars as pl

from hq_assets.checks import cleaned_features
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts

FACTS = CheckFacts(value_columns=("size",), label_column="label", label_values=("B", "M"))


def _rows(labels=("B", "M", "B", "B", "M", "M"), split=("train",) * 4 + ("test",) * 2):
    one = pl.DataFrame(
        {
            "record_id": [f"r{k}" for k in range(6)],
            "split": list(split),
            "size": [float(k) for k in range(6)],
            "label": list(labels),
            "status": ["ok"] * 6,
        }
    )
    return pl.concat([one.with_columns(seed=pl.lit(seed)) for seed in (0, 1)]).lazy()


def _judge(rows, facts=FACTS, **stage_facts):
    evidence = Evidence({"cleaned_features": {"rows": rows}}, {"cleaned_features": stage_facts})
    return {each.name: each for each in cleaned_features.judge(evidence, facts)}


def test_good_rows_pass_and_the_class_share_is_told():
    verdicts = _judge(_rows())
    assert all(each.passed for each in verdicts.values())
    assert verdicts["training_rows_have_every_class"].metadata["smallest_class_share"] == 0.25


def test_a_record_that_one_seed_lacks_is_named():
    lacking = _rows().filter((pl.col("record_id") != "r2") | (pl.col("seed") == 0))
    verdict = _judge(lacking)["seeds_hold_the_same_records"]
    assert not verdict.passed
    assert list(verdict.rows) == [{"record_id": "r2", "reason": "stands under 1 of 2 seeds"}]


def test_a_seed_with_one_class_only_is_named():
    rows = _rows().with_columns(
        label=pl.when((pl.col("seed") == 1) & (pl.col("split") == "train"))
        .then(pl.lit("B"))
        .otherwise("label")
    )
    verdict = _judge(rows)["training_rows_have_every_class"]
    assert list(verdict.rows) == [{"seed": 1, "reason": "1 of 2 classes among 4 training rows"}]


def test_a_seed_without_training_rows_is_named():
    verdict = _judge(_rows(split=("unused",) * 4 + ("test",) * 2))["training_rows_have_every_class"]
    assert [row["reason"] for row in verdict.rows] == ["0 of 2 classes among 0 training rows"] * 2


def test_unusable_rows_count_for_no_class():
    dropped = pl.when(pl.col("label") == "M").then(pl.lit("dropped")).otherwise("status")
    assert not _judge(_rows().with_columns(status=dropped))["training_rows_have_every_class"].passed


def test_a_kind_without_labels_and_values_is_judged_by_its_records():
    assert list(_judge(_rows(), CheckFacts())) == ["seeds_hold_the_same_records"]


def test_a_source_record_without_a_row_is_critical_where_its_number_is_known():
    facts = replace(FACTS, one_row_per_record=True)
    assert _judge(_rows(), facts, source_records=6)["each_source_record_is_kept"].passed
    lost = _judge(_rows(), facts, source_records=7)["each_source_record_is_kept"]
    assert not lost.passed
    assert lost.severity == "critical"
    assert lost.rows[0] == {"seed": 0, "reason": "6 rows, the source has 7 records"}
    assert "each_source_record_is_kept" not in _judge(_rows(), facts, source_records=None)
    assert "each_source_record_is_kept" not in _judge(_rows(), source_records=7)
