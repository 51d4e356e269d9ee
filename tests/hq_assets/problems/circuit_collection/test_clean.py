"""Every file and every table line has a row for every seed, with its reason."""

import polars as pl
import pytest

from hq_assets.problems.circuit_collection.clean import SCHEMA, file_of
from hq_assets.problems.circuit_collection.settings import Settings


def rows_of(cleaned):
    return {row["record_id"]: row for row in cleaned.frame.collect().iter_rows(named=True)}


def test_rows_come_in_one_order_whatever_the_order_of_the_files(cleaned_of, bell):
    there = cleaned_of({"b.qasm": bell, "a.qasm": "// a\n" + bell})
    back = cleaned_of({"a.qasm": "// a\n" + bell, "b.qasm": bell})
    assert there.frame.collect().equals(back.frame.collect())
    assert there.frame.collect()["record_id"].to_list() == ["a.qasm", "b.qasm"]


def test_every_seed_has_the_same_rows(cleaned_of, bell):
    frame = cleaned_of(
        {"a.qasm": bell, "parameters.csv": "file,x\nno.qasm,1\n"}, seeds=(3, 5)
    ).frame.collect()
    assert frame.schema == pl.Schema(SCHEMA)
    assert frame["split"].unique().to_list() == ["unused"]
    three, five = (frame.filter(pl.col("seed") == seed).drop("seed") for seed in (3, 5))
    assert three.equals(five)
    assert three.height == 2


def test_a_later_file_of_the_same_content_is_dropped_also_with_other_line_ends(cleaned_of, bell):
    rows = rows_of(
        cleaned_of({"a.qasm": bell, "b.qasm": bell.replace("\n", "\r\n"), "c.qasm": bell + "// c"})
    )
    assert [rows[name]["status"] for name in ("a.qasm", "b.qasm", "c.qasm")] == [
        "ok",
        "dropped",
        "ok",
    ]
    assert rows["b.qasm"]["reason"] == "same content as a.qasm"
    assert rows["b.qasm"]["content"] is None


def test_two_refused_files_are_no_duplicates_of_each_other(cleaned_of):
    rows = rows_of(cleaned_of({"a.qasm": b"", "b.qasm": b""}))
    assert [row["status"] for row in rows.values()] == ["error", "error"]


def test_documents_are_ignored_and_counted(cleaned_of, bell):
    cleaned = cleaned_of({"a.qasm": bell, "SOURCE.md": "# x", ".hidden": "y"})
    assert list(rows_of(cleaned)) == ["a.qasm"]
    assert cleaned.facts["ignored"] == [".hidden", "SOURCE.md"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("none.qasm", "there is no file"),
        ("bad.qasm", "is refused"),
        ("copy.qasm", "is a duplicate"),
    ],
)
def test_a_table_line_for_a_file_that_cannot_run_says_so(cleaned_of, bell, target, words):
    contents = {
        "a.qasm": bell,
        "copy.qasm": bell,
        "bad.qasm": b"",
        "parameters.csv": f"file,x\n{target},1\n",
    }
    row = rows_of(cleaned_of(contents))["parameters.csv:2"]
    assert (row["status"], row["role"]) == ("error", "parameters")
    assert words in row["reason"]


def test_a_table_above_its_limit_is_one_refused_row(cleaned_of, bell):
    contents = {"a.qasm": bell, "parameters.csv": "file,x\n" + "a.qasm,1\n" * 100}
    row = rows_of(cleaned_of(contents, Settings(max_table_bytes=50)))["parameters.csv"]
    assert "raise max_table_bytes" in row["reason"]


def test_an_empty_folder_gives_an_empty_table_of_the_right_columns(cleaned_of):
    frame = cleaned_of({}).frame.collect()
    assert frame.is_empty()
    assert frame.schema == pl.Schema(SCHEMA)


@pytest.mark.parametrize(
    ("target", "path"),
    [("a.qpy[2]", "a.qpy"), ("a.qpy", "a.qpy"), ("a[x].qasm", "a[x].qasm"), ("a[x]", "a[x]")],
)
def test_a_target_may_name_one_circuit_of_a_file(target, path):
    assert file_of(target) == path


def test_names_leave_the_folder_out_and_the_path_keeps_it(cleaned_of, bell):
    contents = {"data/sub/a.qasm": bell, "data/parameters.csv": "file,x\nsub/a.qasm,1\n"}
    rows = rows_of(cleaned_of(contents))
    assert list(rows) == ["sub/a.qasm", "parameters.csv:2"]
    assert rows["sub/a.qasm"]["path"] == "data/sub/a.qasm"
    assert rows["parameters.csv:2"]["status"] == "ok"


def test_another_folder_is_left_out_by_its_setting(cleaned_of, bell):
    contents = {"circuits/a.qasm": bell, "data/b.qasm": "// b\n" + bell}
    assert list(rows_of(cleaned_of(contents, Settings(folder="circuits/")))) == [
        "a.qasm",
        "data/b.qasm",
    ]
