import numpy as np
import polars as pl
import pytest

from hq_assets.problems.contract import DataError
from hq_assets.problems.kernel_classification import table_survey
from hq_assets.problems.kernel_classification.clean import clean

SEEDS = (0, 1, 2)


def put(row, column, text):
    """A change of one cell; row 1 is the first row after the header."""

    def change(rows):
        rows[row][rows[0].index(column)] = text
        return rows

    return change


def add(*more):
    return lambda rows: [*rows, *more]


def cleaned_rows(file, settings, seeds=SEEDS):
    return clean([file], settings, seeds).frame.collect()


def one(frame, record, seed=0):
    return frame.row(
        by_predicate=(pl.col("record_id") == record) & (pl.col("seed") == seed), named=True
    )


def test_rows_stand_by_record_then_seed_with_exact_stratified_splits(table, settings):
    frame = cleaned_rows(table(), settings())
    assert frame["record_id"].to_list()[:4] == ["r00", "r00", "r00", "r01"]
    assert frame["seed"].to_list()[:4] == [0, 1, 2, 0]
    for seed in SEEDS:
        own = frame.filter(pl.col("seed") == seed)
        counts = dict(own.group_by("split").len().iter_rows())
        assert counts == {"train": 20, "test": 10, "unused": 30}
        train = own.filter(pl.col("split") == "train")
        assert (train["label"] == "yes").sum() in (6, 7)
    assert (
        frame.filter(pl.col("split") == "train").group_by("seed").agg("record_id").n_unique() == 3
    )


def test_the_same_bytes_give_the_same_rows_and_the_frame_can_be_read_twice(table, settings):
    file = table()
    first = clean([file], settings(), SEEDS)
    assert first.frame.collect().equals(first.frame.collect())
    assert first.frame.collect().equals(cleaned_rows(file, settings()))
    projected = first.frame.filter(pl.col("seed") == 1).select("label", "seed").head(5).collect()
    assert projected.shape == (5, 2)
    assert projected["seed"].unique().to_list() == [1]


def test_two_files_are_one_table(table, source, settings):
    whole = table()
    lines = whole.local.read_text().splitlines()
    parts = []
    for number, body in enumerate((lines[1:31], lines[31:])):
        path = whole.local.with_name(f"part{number}.csv")
        path.write_text("\n".join([lines[0], *body]) + "\n")
        parts.append(source(path))
    both = clean(parts, settings(), SEEDS).frame.collect()
    place = ["source_file", "source_line"]
    assert both.drop(place).equals(cleaned_rows(whole, settings()).drop(place))
    assert one(both, "r30")["source_file"] == "part1.csv"
    assert one(both, "r30")["source_line"] == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "missing"), ("NaN", "not finite"), ("inf", "not finite"), ("?", "missing")],
)
def test_a_missing_or_infinite_value_becomes_the_training_median_with_a_reason(
    table, settings, text, word
):
    result = clean([table(put(5, "b", text))], settings(), SEEDS)
    frame = result.frame.collect()
    for seed in SEEDS:
        row = one(frame, "r04", seed)
        train = frame.filter((pl.col("seed") == seed) & (pl.col("split") == "train"))
        others = train.filter(pl.col("record_id") != "r04")["b"]
        assert row["status"] == "changed"
        assert row["reason"].startswith(f"b {word}, set to the median")
        assert row["b"] == pytest.approx(others.median(), abs=1e-12)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (put(5, "b", "many"), "wrong type in b"),
        (put(5, "a", "101"), "out of range in a"),
        (put(5, "y", "maybe"), "unknown y 'maybe'"),
        (put(5, "y", ""), "missing y"),
        (
            lambda rows: put(5, "b", "")(put(5, "c", "")(rows)),
            "2 of 3 values missing, at most 1 allowed",
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_dropped_with_its_reason_under_every_seed(
    table, settings, change, reason
):
    frame = cleaned_rows(table(change), settings())
    for seed in SEEDS:
        row = one(frame, "r04", seed)
        assert (row["status"], row["split"], row["reason"]) == ("dropped", "unused", reason)
        assert row["source_line"] == 6
    assert frame.filter(pl.col("status") != "dropped").height == 59 * 3


def test_an_infinite_value_without_a_range_is_imputed_not_dropped(table, settings):
    assert one(cleaned_rows(table(put(5, "b", "-inf")), settings()), "r04")["status"] == "changed"


def test_out_of_range_can_count_as_missing(table, settings):
    frame = cleaned_rows(table(put(5, "a", "101")), settings(out_of_range="missing"))
    assert one(frame, "r04")["reason"].startswith("a out of range, set to the median")


def test_blanks_around_numbers_and_labels_are_no_fault(table, settings):
    def spaced(rows):
        rows[5] = ["r04", " " + rows[5][1] + " ", rows[5][2], rows[5][3], " " + rows[5][4]]
        return rows

    plain, given = cleaned_rows(table(), settings()), cleaned_rows(table(spaced), settings())
    assert given.equals(plain)


def test_a_repeated_id_is_dropped_and_keeps_ids_distinct(table, settings):
    frame = cleaned_rows(table(add(["r04", "1", "1", "1", "yes"])), settings())
    row = one(frame, "r04 (rows.csv:62)")
    assert (row["status"], row["reason"]) == (
        "dropped",
        "repeated id, first in row 5 of the source",
    )
    assert one(frame, "r04")["status"] != "dropped"
    assert frame.select("record_id", "seed").is_unique().all()


def test_a_repeated_id_counts_only_against_usable_rows(table, settings):
    change = put(5, "b", "many")
    frame = cleaned_rows(
        table(lambda rows: add(["r04", "1", "1", "1", "yes"])(change(rows))), settings()
    )
    assert one(frame, "r04")["source_line"] == 62
    assert one(frame, "r04 (rows.csv:6)")["status"] == "dropped"


def test_equal_values_under_another_id_are_dropped_unless_kept(table, settings):
    def copy(rows):
        return [*rows, ["new", *rows[5][1:]]]

    frame = cleaned_rows(table(copy), settings())
    assert one(frame, "new")["reason"] == "repeated values, first in row 5 of the source"
    kept = cleaned_rows(table(copy), settings(duplicates="keep"))
    assert one(kept, "new")["status"] != "dropped"


def test_equal_values_with_another_label_are_another_record(table, settings):
    def copy(rows):
        return [*rows, ["new", *rows[5][1:4], "yes" if rows[5][4] == "no" else "no"]]

    assert one(cleaned_rows(table(copy), settings()), "new")["status"] != "dropped"


def test_rows_without_id_are_named_by_their_lines(table, settings):
    frame = cleaned_rows(table(lambda rows: put(9, "id", "")(put(5, "id", "")(rows))), settings())
    assert one(frame, "rows.csv:6")["reason"] == "missing id"
    assert one(frame, "rows.csv:10")["reason"] == "missing id"


def test_outliers_are_clipped_to_fences_of_the_training_rows(table, settings):
    result = clean([table(put(5, "b", "1000"))], settings(), (0,))
    fences = next(step for step in result.transforms if step.name == "clip_outliers")
    row = one(result.frame.collect(), "r04")
    assert row["b"] == fences.parameters["fences"]["b"][1]
    assert row["reason"] == f"b 1000.0 clipped to {row['b']:.6g}"
    assert fences.fitted_on == "split == train, seed 0"


def test_a_value_outside_the_training_rows_changes_no_fitted_parameter(table, settings):
    before = clean([table()], settings(), (0,))
    frame = before.frame.collect()
    for split in ("test", "unused"):
        record = frame.filter(pl.col("split") == split)["record_id"][0]
        after = clean([table(put(int(record[1:]) + 1, "b", "55.5"))], settings(), (0,))
        assert [step.parameters for step in after.transforms] == [
            s.parameters for s in before.transforms
        ]
    record = frame.filter(pl.col("split") == "train")["record_id"][0]
    after = clean([table(put(int(record[1:]) + 1, "b", "-55.5"))], settings(), (0,))
    assert [step.parameters for step in after.transforms] != [
        s.parameters for s in before.transforms
    ]


def test_new_records_without_label_are_all_to_be_decided_when_so_declared(table, settings):
    frame = cleaned_rows(table(put(5, "y", "")), settings(unlabelled="decide"))
    row = one(frame, "r04")
    assert (row["split"], row["label"], row["status"]) == ("test", None, "ok")


def test_a_source_of_one_class_is_refused(table, settings):
    def no_yes(rows):
        return [rows[0], *(row for row in rows[1:] if row[-1] == "no")]

    with pytest.raises(DataError, match=r"no usable row of \['yes'\]"):
        clean([table(no_yes)], settings(), SEEDS)


@pytest.mark.parametrize(
    ("text", "words"), [("many", "only text"), ("", "no finite value"), ("inf", "no finite")]
)
def test_a_column_without_numbers_is_refused(table, settings, text, words):
    def fill(rows):
        return [rows[0], *([*row[:2], text, *row[3:]] for row in rows[1:])]

    with pytest.raises(DataError, match=f"column 'b' has {words}"):
        clean([table(fill)], settings(), SEEDS)


def test_too_few_rows_are_refused_with_what_was_dropped(table, settings):
    with pytest.raises(DataError, match=r"only 59 are usable.*wrong type"):
        clean([table(put(5, "b", "many"))], settings(train_rows=40, test_rows=20), SEEDS)


def test_a_class_too_small_for_the_folds_is_refused(table, settings):
    def two_yes(rows):
        yes = [row for row in rows[1:] if row[-1] == "yes"][:2]
        return [rows[0], *yes, *(row for row in rows[1:] if row[-1] == "no")]

    with pytest.raises(DataError, match="training rows of 'yes', but 3 folds"):
        clean([table(two_yes)], settings(), SEEDS)


def test_training_values_read_again_equal_those_kept_from_the_first_pass(
    table, settings, monkeypatch
):
    file = table()
    kept = clean([file], settings(), SEEDS).transforms
    monkeypatch.setattr(table_survey, "_SPARE_ROWS", -39)
    again = clean([file], settings(), SEEDS).transforms
    assert [step.parameters for step in again] == [step.parameters for step in kept]


def test_the_real_data_lose_no_row_and_every_changed_row_says_why(wdbc, cancer_settings):
    result = clean([wdbc], cancer_settings(), (0, 1))
    frame = result.frame.collect()
    assert result.facts["rows_usable"] == result.facts["rows_read"] == 569
    changed = frame.filter(pl.col("status") == "changed")
    assert 0.05 < changed.height / frame.height < 0.4
    assert changed["reason"].null_count() == 0
    assert (
        frame.filter(pl.col("status") == "ok")["reason"].null_count()
        == frame.height - changed.height
    )
    values = frame.select(list(cancer_settings().features)).to_numpy()
    assert np.isfinite(values).all()
