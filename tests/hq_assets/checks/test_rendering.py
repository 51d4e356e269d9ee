"""What people read of a verdict."""

import polars as pl

from hq_assets.checks import expectations as expect
from hq_assets.checks import rendering
from hq_assets.checks.great_expectations_run import run_suite
from hq_assets.checks.judgement import Judgement

FRAME = pl.LazyFrame({"record_id": ["a", "b|c", "d"], "size": [1.0, 9.0, 8.0]})


def _result(**options):
    suite = [
        expect.between("size", 0, 5),
        expect.not_null("size"),
        expect.between("size", 0, 8, severity="warning"),
    ]
    return run_suite(FRAME, suite, id_columns=("record_id",), **options)


def test_the_sentence_counts_names_the_worst_first_and_the_first_row():
    sentence = rendering.suite_sentence(_result())
    assert sentence.startswith("2 of 3 expectations fail over 3 rows: ")
    assert "in 2 rows, first record_id=b|c, size=9" in sentence
    assert sentence.index("max_value=5") < sentence.index("max_value=8")


def test_the_sentence_of_a_sampled_suite_says_so():
    assert "streamed aggregates of all, and a sample of" in rendering.suite_sentence(
        _result(row_limit=2)
    )


def test_the_table_names_every_row_and_a_bar_in_a_value_does_not_break_it():
    table = rendering.suite_table(_result())
    lines = table.splitlines()
    assert len(lines) == 4
    assert "record_id=b\\|c, size=9; record_id=d, size=8" in lines[2]


def test_the_numbers_plot():
    numbers = rendering.suite_numbers(_result())
    assert numbers["rows"] == 3
    assert numbers["expectations_failed"] == 2
    assert numbers["rows_unexpected"] == 2
    assert all(isinstance(value, (int, float)) for value in numbers.values())


def test_judgements_are_counted_and_numbers_that_are_not_finite_are_left_out():
    judgements = [
        Judgement(
            "sums",
            passed=False,
            severity="critical",
            summary="1 sum is off",
            rows=[{"seed": 3, "reason": "sums to 2"}],
            metadata={"x": float("nan"), "y": 2.0},
        ),
        Judgement("shots", passed=True, severity="warning", summary="fine"),
    ]
    assert rendering.judgement_numbers(judgements) == {
        "y": 2.0,
        "judgements": 2,
        "judgements_failed": 1,
    }
    assert rendering.judgements_sentence(judgements) == (
        "1 of 2 judgements fail: sums: 1 sum is off (seed=3, reason=sums to 2)."
    )
    assert rendering.judgements_sentence(judgements[1:]) == "1 judgements hold."
    assert "| sums | seed=3 | sums to 2 |" in rendering.judgement_rows_table(judgements)
    assert "| shots | holds | fine |" in rendering.judgements_table(judgements)
