"""Great Expectations and the streamed aggregates say the same, and name the rows."""

import math
import threading
import time

import polars as pl
import pytest

from hq_assets.checks import expectations as expect
from hq_assets.checks import frame_columns
from hq_assets.checks.expectations import Where
from hq_assets.checks.great_expectations_run import run_suite

IDS = ("record_id", "seed")


def _frame() -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "record_id": ["a", "b", "c", "d", "d", None, None],
            "seed": [1, 1, 1, 1, 1, None, 2],
            "value": [0.5, math.nan, math.inf, 2.0, None, 0.0, -1.0],
            "status": ["ok", "ok", "changed", "dropped", "odd", "ok", None],
            "split": ["train", "train", "train", "test", "test", "train", None],
            "label": ["M", "B", "M", "M", None, "B", "M"],
            "values": [[0.1, 0.2], [math.nan], [], [9.0, -3.0], None, [0.0], [1.0]],
        }
    )


BROKEN = [
    (expect.not_null("value"), 1),
    (expect.not_null("record_id"), 2),
    (expect.not_null("value", Where("status", ("ok", "changed"))), 0),
    (expect.between("value", 0.0, 1.0), 4),
    (expect.between("value", 0.0, None), 2),
    (expect.between("value", None, 1.0), 3),
    (expect.between("value", 0.0, 1.0, Where("status", ("ok",))), 1),
    (expect.finite("value"), 2),
    (expect.in_set("status", ("ok", "changed", "dropped")), 1),
    (expect.matches("record_id", "^[abc]$"), 2),
    (expect.unique("record_id", "seed"), 2),
    (expect.unique("record_id"), 2),
    (expect.between("values_max", None, 1.0), 2),
    (expect.between("values_not_finite", None, 0), 1),
    (expect.between("values_length", 1, None), 1),
]


@pytest.mark.parametrize(("item", "count"), BROKEN, ids=[item.title for item, _ in BROKEN])
def test_both_ways_count_the_same_unexpected_rows_and_name_them(item, count):
    small = run_suite(_frame(), [item], id_columns=IDS).results[0]
    flat = frame_columns.flatten(_frame())
    named = frame_columns.unexpected_rows(flat, item).collect()
    large = run_suite(_frame(), [item], row_limit=1, id_columns=IDS).results[0]
    assert small.unexpected_count == count
    assert small.passed is large.passed is (count == 0)
    assert named.height == count
    assert len(small.rows) == len(large.rows) == count
    assert large.scope == "aggregate"


@pytest.mark.parametrize(
    ("item", "passed"),
    [
        (expect.row_count(7, 7), True),
        (expect.row_count(8), False),
        (expect.row_count(None, 6), False),
        (expect.distinct_count("label", 2), True),
        (expect.distinct_count("label", 2, Where("split", ("test",))), False),
        (expect.share("label", "M", 0.4, 0.6, Where("split", ("train",))), True),
        (expect.share("label", "M", 0.6, 0.9, Where("split", ("train",))), False),
        (expect.share("label", "M", 0.1, 0.9, Where("split", ("nobody",))), False),
    ],
    ids=lambda value: value.title if isinstance(value, expect.Expectation) else str(value),
)
def test_both_ways_judge_statistics_the_same(item, passed):
    assert run_suite(_frame(), [item]).results[0].passed is passed
    assert run_suite(_frame(), [item], row_limit=1).results[0].passed is passed


def test_a_failed_expectation_names_record_seed_and_value():
    found = run_suite(
        _frame(), [expect.in_set("status", ("ok", "changed", "dropped"))], id_columns=IDS
    )
    assert found.results[0].rows == ({"record_id": "d", "seed": 1, "status": "odd"},)
    assert found.results[0].observed == "odd"
    assert found.blocks


def test_a_warning_fails_the_suite_and_does_not_block():
    found = run_suite(_frame(), [expect.between("seed", 1, 1, severity="warning")])
    assert not found.passed
    assert not found.blocks


def test_a_missing_column_fails_by_name_in_schema_and_rows():
    suite = [*expect.schema({"record_id": "text", "amount": "number"}), expect.not_null("amount")]
    found = run_suite(_frame(), suite)
    assert [result.passed for result in found.results] == [False, True, False]
    assert found.results[0].rows == [{"column": "amount", "reason": "missing"}]
    assert found.results[2].observed == "column missing: amount"


def test_a_column_of_another_type_fails_with_both_types_named():
    families = {
        "seed": "text",
        "value": "number",
        "record_id": "text",
        "values": "list",
        "split": "flag?",
    }
    found = run_suite(_frame(), expect.schema(families))
    reasons = {row["column"]: row["reason"] for row in found.results[1].rows}
    assert reasons == {"seed": "is integer, needs text", "split": "is text, needs flag or null"}


def test_an_integer_column_passes_for_a_number_and_an_all_null_one_where_allowed():
    frame = pl.LazyFrame({"score": [1, 2], "reason": [None, None]})
    assert run_suite(frame, expect.schema({"score": "number", "reason": "text?"})).passed
    assert not run_suite(frame, expect.schema({"reason": "text"})).passed


def test_an_empty_table_is_judged_not_refused():
    frame = _frame().head(0)
    assert run_suite(frame, [expect.not_null("value"), expect.unique("record_id", "seed")]).passed
    assert not run_suite(frame, [expect.row_count(1)]).passed


def test_nulls_are_counted_over_the_columns_that_the_suite_reads():
    found = run_suite(_frame(), [expect.not_null("value"), expect.not_null("seed")])
    assert found.null_fraction == pytest.approx(2 / 14)


def test_above_the_limit_the_result_says_how_many_rows_were_seen():
    frame = pl.LazyFrame({"value": [0.0] * 50_000})
    found = run_suite(frame, [expect.between("value", 0, 1)], row_limit=10_000, seed=3)
    again = run_suite(frame, [expect.between("value", 0, 1)], row_limit=10_000, seed=3)
    other = run_suite(frame, [expect.between("value", 0, 1)], row_limit=10_000, seed=4)
    assert found.sampled
    assert found.rows == 50_000
    # Binomial with mean 10,000 and standard deviation 89: six of them are missed once in 5e8.
    assert abs(found.rows_checked - 10_000) < 540
    assert again.rows_checked == found.rows_checked
    assert other.rows_checked != found.rows_checked
    assert [result.scope for result in found.results] == ["aggregate", "sample"]


def test_two_million_rows_take_seconds_and_one_bad_row_is_found():
    rows = 2_000_000
    index = pl.int_range(rows, eager=True)
    frame = pl.LazyFrame(
        {
            "record_id": index.cast(pl.String),
            "seed": pl.repeat(0, rows, eager=True, dtype=pl.Int64),
            "value": (index == 1_234_567).cast(pl.Float64) * 7,
        }
    )
    suite = [
        expect.unique("record_id", "seed"),
        expect.between("value", 0, 1),
        expect.not_null("value"),
    ]
    started = time.process_time()
    found = run_suite(frame, suite, seed=1, id_columns=IDS)
    spent = time.process_time() - started
    verdicts = {r.expectation.kind: r for r in found.results if r.scope == "aggregate"}
    assert verdicts["ExpectColumnValuesToBeBetween"].rows == (
        {"record_id": "1234567", "seed": 0, "value": 7.0},
    )
    assert verdicts["ExpectCompoundColumnsToBeUnique"].passed
    assert found.sampled
    assert spent < 20


def test_threads_do_not_mix_their_frames():
    frames = [pl.LazyFrame({"value": [float(k)] * 100}) for k in range(6)]
    passed: dict[tuple[int, int], bool] = {}

    def work(k: int) -> None:
        for repetition in range(3):
            passed[k, repetition] = run_suite(frames[k], [expect.between("value", k, k)]).passed

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 18
    assert all(passed.values())
