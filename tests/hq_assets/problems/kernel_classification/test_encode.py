import numpy as np
import polars as pl
import pytest

from hq_assets.problems.contract import Cleaned, DataError
from hq_assets.problems.kernel_classification.clean import clean
from hq_assets.problems.kernel_classification.encode import encode, encoding_table, kernel_pairs
from hq_assets.problems.kernel_classification.settings_sections import Encoding

SEEDS = (0, 1)


def values_of(frame):
    return np.array(frame["values"].to_list())


def test_rows_are_numbered_training_first_and_hold_one_record_each(table, settings):
    cleaned = clean([table()], settings(), SEEDS)
    frame = encode(cleaned, settings(), SEEDS).frame.collect()
    for seed in SEEDS:
        own = frame.filter(pl.col("seed") == seed)
        assert own["parameter_row"].to_list() == list(range(30))
        assert own["split"].to_list() == ["train"] * 20 + ["test"] * 10
        wanted = cleaned.frame.filter(pl.col("seed") == seed).collect()
        for split in ("train", "test"):
            expected = wanted.filter(pl.col("split") == split)["record_id"].to_list()
            assert (
                own.filter(pl.col("split") == split)["record_ids"].list.get(0).to_list() == expected
            )
    assert frame["circuit_id"].unique().to_list() == ["zz_2q_linear_r1"]
    assert frame.schema["values"] == pl.List(pl.Float64)


def test_every_value_lies_in_the_share_of_the_range_and_clipped_rows_say_so(table, settings):
    settings = settings()
    cleaned = clean([table()], settings, SEEDS)
    stretched = Cleaned(
        cleaned.frame.with_columns(
            pl.when(pl.col("split") == "test")
            .then(pl.col("b") * 50)
            .otherwise(pl.col("b"))
            .alias("b")
        )
    )
    frame = encode(stretched, settings, SEEDS).frame.collect()
    low, high = np.pi * 0.8, np.pi * 1.2
    values = values_of(frame)
    assert values.min() >= low - 1e-12
    assert values.max() <= high + 1e-12
    at_an_end = (np.abs(values - low) < 1e-12) | (np.abs(values - high) < 1e-12)
    changed = (frame["status"] == "changed").to_numpy()
    assert changed.any()
    assert at_an_end[changed].any(axis=1).all()
    assert frame.filter(pl.col("status") == "changed")["split"].unique().to_list() == ["test"]
    assert frame.filter(pl.col("status") == "changed")["reason"].null_count() == 0


def test_a_test_row_changes_no_fitted_parameter(table, settings):
    cleaned = clean([table()], settings(), (0,))
    other = Cleaned(
        cleaned.frame.with_columns(
            pl.when(pl.col("split") != "train")
            .then(pl.col("a") + 9.0)
            .otherwise(pl.col("a"))
            .alias("a")
        )
    )
    before, after = (encode(source, settings(), (0,)) for source in (cleaned, other))
    assert before.transforms == after.transforms
    train = pl.col("split") == "train"
    assert before.frame.filter(train).collect().equals(after.frame.filter(train).collect())
    assert not before.frame.collect().equals(after.frame.collect())


def test_the_steps_are_recorded_in_order_with_features_by_name(table, settings):
    encoded = encode(clean([table()], settings(), (0,)), settings(selected_features=2), (0,))
    names = [step.name for step in encoded.transforms]
    assert names == [
        "leave_out_constant", "standardize", "select_k_best", "pca", "choose_bandwidth", "scale_to_range",
    ]  # fmt: skip
    chosen = encoded.transforms[2].parameters["features"]
    assert set(chosen) < {"a", "b", "c"}
    assert "a" in chosen
    assert {step.fitted_on for step in encoded.transforms} == {"split == train, seed 0"}


def test_a_constant_feature_is_left_out_and_named(table, settings):
    def constant(rows):
        return [rows[0], *([*row[:3], "4.5", row[4]] for row in rows[1:])]

    encoded = encode(clean([table(constant)], settings(), (0,)), settings(), (0,))
    assert encoded.transforms[0].parameters["features"] == ["c"]
    two = settings(features={"a": {}, "c": {}})
    with pytest.raises(DataError, match="only 1 features vary"):
        encode(clean([table(constant)], two, (0,)), two, (0,))


def test_pairs_are_the_training_triangle_then_test_by_training(settings):
    pairs = kernel_pairs("k", 5, 4, 2).collect()
    train, test = (pairs.filter(pl.col("block") == block) for block in ("train", "test"))
    assert train.select("left", "right").rows() == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert test.select("left", "right").rows() == [(i, j) for i in (4, 5) for j in range(4)]
    assert pairs["block"].to_list() == ["train"] * 6 + ["test"] * 8
    assert pairs["seed"].unique().to_list() == [5]


def test_the_number_of_pairs_is_the_estimated_one(table, settings):
    encoded = encode(clean([table()], settings(), SEEDS), settings(), SEEDS)
    assert encoded.pairs.collect().height == settings().estimated_pubs(SEEDS)


def test_of_several_bandwidths_one_is_chosen_on_training_rows_and_reported(table, settings):
    encoding = {"name": "zz", "num_qubits": 2, "entanglement": "linear", "bandwidths": [0.05, 0.3]}
    choice = settings(encoding=encoding)
    encoded = encode(clean([table()], choice, (0,)), choice, (0,))
    report = next(step for step in encoded.transforms if step.name == "choose_bandwidth").parameters
    assert set(report["scores"]) == {"0.05", "0.3"}
    near = (
        report["scores"]["0.3"] >= max(report["scores"].values()) - report["standard_error_of_best"]
    )
    assert report["share"] == (0.3 if near else 0.05)
    assert encoded.facts["share"]["0"] == report["share"]


@pytest.mark.parametrize(
    ("encoding", "width"),
    [
        ({"name": "angle", "num_qubits": 2}, 2),
        ({"name": "iqp", "num_qubits": 2, "entanglement": "linear"}, 2),
        ({"name": "basis", "num_qubits": 2}, 2),
        ({"name": "amplitude", "num_qubits": 2, "components": 3}, 3),
    ],
)
def test_each_encoding_gives_as_many_values_as_its_circuit_has_parameters(
    table, settings, encoding, width
):
    from hq_assets.problems.kernel_classification.construct_circuits import construct_circuits

    choice = settings(encoding=encoding)
    encoded = encode(clean([table()], choice, (0,)), choice, (0,))
    values = values_of(encoded.frame.collect())
    (template,) = construct_circuits(encoded, choice)
    assert values.shape == (30, width) == (30, len(template.overlap_parameters))
    assert np.isfinite(values).all()
    if encoding["name"] == "basis":
        assert set(np.unique(values)) <= {0.0, 1.0}


def test_the_cost_table_marks_the_declared_encoding_and_says_what_the_others_would_cost():
    declared = Encoding(name="zz", num_qubits=4, reps=2, entanglement="linear")
    rows = {row["encoding"]: row for row in encoding_table(declared)}
    assert rows["zz (declared)"]["qubits"] == 4
    assert rows["angle"]["two-qubit gates"] == 0
    assert rows["amplitude"]["qubits"] == 2
    assert rows["zz (declared)"]["two-qubit gates"] == 2 * 2 * 2 * 3
