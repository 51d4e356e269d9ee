import pytest

from hq_assets.stages.rendering import (
    LONGEST_TABLE,
    WIDEST_FACT,
    facts_table,
    in_words,
    markdown_table,
    reason_patterns,
    rounded,
)


def test_a_table_keeps_the_order_of_columns_and_sets_numbers_to_the_right():
    table = markdown_table([{"name": "b", "a": 0.123456}, {"name": "c|d", "a": None}])
    assert table.splitlines() == [
        "| name | a |",
        "|---|---:|",
        "| b | 0.1235 |",
        "| c\\|d | – |",
    ]


def test_a_long_table_says_how_many_rows_it_leaves_out():
    rows = [{"n": n} for n in range(LONGEST_TABLE + 7)]
    assert markdown_table(rows).endswith("… 7 more")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "yes"),
        ([], "none"),
        ({}, "none"),
        (1234567, "1,234,567"),
        ({"a": 7, "b": 7}, "a: 7, b: 7"),
        ({"0": {"train": 2, "test": 1}, "1": {"train": 2, "test": 1}}, "train: 2, test: 1 for each of 2"),
        (list("abcdefgh"), "a, b, c, d, e, f … 2 more"),
    ],
)  # fmt: skip
def test_facts_read_as_words(value, words):
    assert in_words(value) == words


def test_a_fact_is_cut_where_it_would_fill_the_page():
    assert len(in_words("x" * 5000)) == WIDEST_FACT
    assert facts_table({"long": "y" * 5000}).count("…") == 1


def test_changes_that_differ_in_numbers_are_the_same_and_names_keep_their_digits():
    first = reason_patterns("area_2 112.4 clipped to 1e-3; worst -3 clipped to 4")
    second = reason_patterns("worst 8 clipped to 9.5; area_2 1 clipped to 2")
    assert first == ["area_2 … clipped to …", "worst … clipped to …"]
    assert sorted(first) == sorted(second)


def test_a_sentence_with_a_semicolon_stays_whole():
    reason = "parameter phi is 'nan'; a finite number is needed"
    assert reason_patterns(reason) == [reason]


def test_only_plain_floats_are_rounded():
    shown = rounded({"a": 0.123456789, "b": 3, "c": "0.123456789", "d": True})
    assert shown == {"a": 0.123457, "b": 3, "c": "0.123456789", "d": True}
    assert shown["d"] is True
