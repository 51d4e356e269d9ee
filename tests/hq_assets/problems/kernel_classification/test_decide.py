import numpy as np
import polars as pl
import pytest

from hq_assets.problems.contract import Baselines, Cleaned, Combined, DataError
from hq_assets.problems.kernel_classification.clean import clean
from hq_assets.problems.kernel_classification.combine_results import combine_results
from hq_assets.problems.kernel_classification.construct_circuits import construct_circuits
from hq_assets.problems.kernel_classification.decide import decide
from hq_assets.problems.kernel_classification.encode import encode
from hq_assets.problems.kernel_classification.solve_classically import solve_classically

SEEDS = (3, 0, 1)


@pytest.fixture(scope="module")
def known():
    """Results of the verbs by what decides them, so that tests share them."""
    return {}


@pytest.fixture
def chain(count_pairs, known):
    """All verbs up to the decision, with exact or binomial counts."""

    def run(file, settings, seeds=SEEDS, method="exact", shots=0):
        key = (file.content_hash, settings.model_dump_json(exclude={"decision"}), seeds, method)
        if key not in known:
            known[key] = solve(file, settings, seeds, method, shots)
        return known[key]

    def solve(file, settings, seeds, method, shots):
        cleaned = clean([file], settings, seeds)
        encoded = encode(cleaned, settings, seeds)
        (template,) = construct_circuits(encoded, settings)
        counts = count_pairs(encoded, template, method, shots)
        combined = combine_results(counts, encoded, settings, seeds)
        return combined, solve_classically(cleaned, settings, seeds), cleaned

    return run


def test_real_records_are_decided_well_by_exact_kernels(wdbc, cancer_settings, chain):
    settings = cancer_settings()
    decided = decide(*chain(wdbc, settings), settings, SEEDS)
    rows = decided.frame.collect()
    assert rows.height == 3 * 100
    assert rows.filter(pl.col("published"))["seed"].unique().to_list() == [3]
    assert decided.metrics["accuracy"] > 0.88
    assert decided.metrics["roc_auc"] > 0.93
    assert decided.metrics["brier"] < 0.1
    assert decided.metrics["accuracy_when_decided"] >= decided.metrics["accuracy"]
    right = (rows["label"] == rows["true_label"]).mean()
    assert right == pytest.approx(decided.metrics["accuracy"])
    assert set(settings.metric_names()) <= set(decided.metrics)


def test_shot_noise_is_repaired_and_the_decision_survives_it(wdbc, cancer_settings, chain):
    settings = cancer_settings()
    combined, baselines, cleaned = chain(wdbc, settings, method="binomial", shots=1024)
    assert combined.facts["kernels_repaired"] == 3
    assert all(kernel["explained_by_shot_noise"] for kernel in combined.facts["kernels"].values())
    decided = decide(combined, baselines, cleaned, settings, SEEDS)
    assert decided.metrics["accuracy"] > 0.85


def test_outcomes_follow_the_probability_and_say_why_nobody_decides(wdbc, cancer_settings, chain):
    settings = cancer_settings(decision={"abstain_between": [0.2, 0.8], "action_from": 0.95})
    rows = decide(*chain(wdbc, settings), settings, SEEDS).frame.collect()
    p = pl.col("probability")
    expected = (
        pl.when((p > 0.2) & (p < 0.8))
        .then(pl.lit("abstain"))
        .when(p >= 0.95)
        .then(pl.lit("action"))
        .otherwise(pl.lit("recommendation"))
    )
    assert rows.select(pl.col("outcome") == expected).to_series().all()
    assert rows["outcome"].n_unique() == 3
    assert rows.filter(pl.col("outcome") == "abstain")["reason"].null_count() == 0
    assert (
        rows.select(
            pl.col("label")
            == pl.when(p >= 0.5).then(pl.lit("malignant")).otherwise(pl.lit("benign"))
        )
        .to_series()
        .all()
    )
    assert rows["confidence_value"].is_between(0.5, 1).all()
    assert rows["confidence_kind"].unique().to_list() == ["calibrated probability of the label"]


def test_the_answer_of_a_test_row_does_not_depend_on_test_labels(wdbc, cancer_settings, chain):
    settings = cancer_settings()
    combined, baselines, cleaned = chain(wdbc, settings)
    hidden = Cleaned(
        cleaned.frame.with_columns(
            pl.when(pl.col("split") == "test").then(None).otherwise(pl.col("label")).alias("label")
        )
    )
    shown, blind = (decide(combined, baselines, c, settings, SEEDS) for c in (cleaned, hidden))
    columns = ["record_id", "seed", "outcome", "label", "score", "probability", "baseline_label"]
    assert shown.frame.select(columns).collect().equals(blind.frame.select(columns).collect())
    assert blind.metrics["accuracy"] is None
    assert blind.series == {}


def test_each_baseline_is_compared_under_the_same_seeds_with_an_interval(
    wdbc, cancer_settings, chain
):
    settings = cancer_settings()
    decided = decide(*chain(wdbc, settings), settings, SEEDS)
    table = decided.tables["paired_differences"]
    seconds = {row["second"] for row in table if row["first"] == "decision"}
    assert seconds == {"linear_svc", "rbf_svc", "poly_svc", "logistic_regression", "best baseline"}
    assert {row["quality"] for row in table} == {"accuracy", "balanced_accuracy", "roc_auc"}
    for row in table:
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["seeds"] == 3
        assert row["verdict"] in ("better", "equal", "worse", "not established")
    by_seed = decided.tables["quality_by_seed"]
    mean = np.mean([row["accuracy"] - row["baseline_accuracy"] for row in by_seed])
    (own,) = [
        row for row in table
        if (row["first"], row["second"], row["quality"]) == ("decision", "best baseline", "accuracy")
    ]  # fmt: skip
    assert own["difference"] == pytest.approx(mean)


def test_the_ablation_shows_the_answer_alone_without_it_and_both(wdbc, cancer_settings, chain):
    settings = cancer_settings()
    decided = decide(*chain(wdbc, settings), settings, SEEDS)
    alone, without, both = decided.tables["ablation"]
    assert alone["accuracy"] == pytest.approx(decided.metrics["accuracy"])
    assert both["log_loss"] < max(alone["log_loss"], without["log_loss"])
    rows = decided.frame.collect()
    mean = (rows["probability"] + rows["baseline_probability"]) / 2
    assert np.allclose(rows["ensemble_probability"], mean)


def test_the_pictures_hold_the_published_seed(wdbc, cancer_settings, chain):
    settings = cancer_settings()
    decided = decide(*chain(wdbc, settings), settings, SEEDS)
    published = decided.frame.collect().filter(pl.col("published"))
    assert sum(decided.series["reliability"]["count"]) == published.height
    assert decided.series["margins"]["score"] == published["score"].to_list()
    fpr, tpr = decided.series["roc"]["fpr"], decided.series["roc"]["tpr"]
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0.0, 0.0, 1.0, 1.0)


def test_a_degraded_answer_is_the_baseline_best_in_cross_validation(wdbc, cancer_settings, chain):
    settings = cancer_settings()
    _, baselines, cleaned = chain(wdbc, settings)
    contract = ["name", "circuit_id", "seed", "indices", "label", "value", "std"]
    degraded = Combined(frame=baselines.frame.select(contract))
    rows = decide(degraded, baselines, cleaned, settings, SEEDS).frame.collect()
    for seed in SEEDS:
        best = baselines.facts["seeds"][str(seed)]["best_by_cross_validation"]
        own = rows.filter(pl.col("seed") == seed)
        assert own["confidence_method"].str.starts_with(best).all()
        assert own["probability"].equals(own["baseline_probability"].alias("probability"))


def test_a_seed_without_results_abstains_and_an_incomplete_kernel_is_refused(
    wdbc, cancer_settings, chain
):
    settings = cancer_settings()
    combined, baselines, cleaned = chain(wdbc, settings)
    without = Combined(frame=combined.frame.filter(pl.col("seed") != 0))
    rows = decide(without, baselines, cleaned, settings, SEEDS).frame.collect()
    silent = rows.filter(pl.col("seed") == 0)
    assert silent["outcome"].unique().to_list() == ["abstain"]
    assert silent["reason"].unique().to_list() == ["no result exists for seed 0"]
    assert silent["label"].null_count() == silent.height == 100
    lost = Combined(
        frame=combined.frame.with_row_index().filter(pl.col("index") != 7).drop("index")
    )
    with pytest.raises(DataError, match="lacks 2 entries"):
        decide(lost, baselines, cleaned, settings, SEEDS)


def test_drift_of_a_fixed_feature_asks_for_retraining_and_of_another_is_reported(
    table, settings, chain
):
    settings = settings(test_rows=20, decision={"drift_false_alarm_rate": 0.001})
    combined, _, cleaned = chain(table(), settings, seeds=(0,))
    nothing = Baselines(frame=pl.LazyFrame(schema={"seed": pl.Int64, "method": pl.String}))
    for feature, outcomes in (("a", ["retrain"]), ("b", None)):
        moved = (
            pl.when(pl.col("split") == "test").then(pl.col(feature) + 20).otherwise(pl.col(feature))
        )
        drifted = Cleaned(cleaned.frame.with_columns(moved.alias(feature)))
        decided = decide(combined, nothing, drifted, settings, (0,))
        rows = decided.frame.collect()
        assert decided.metrics["features_drifted"] == 1
        assert decided.tables["drift"][0]["feature"] == feature
        if outcomes:
            assert rows["outcome"].unique().to_list() == outcomes
            assert rows["reason"].str.contains("fixed features drifted: a").all()
        else:
            assert "retrain" not in rows["outcome"].to_list()
        assert rows["baseline_label"].null_count() == rows.height
