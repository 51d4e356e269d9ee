import polars as pl

from hq_assets.problems.kernel_classification.clean import clean
from hq_assets.problems.kernel_classification.solve_classically import solve_classically

SEEDS = (0, 1)
METHODS = ["linear_svc", "rbf_svc", "poly_svc", "logistic_regression"]


def test_every_method_answers_for_every_record_of_every_seed(wdbc, cancer_settings):
    settings = cancer_settings()
    cleaned = clean([wdbc], settings, SEEDS)
    found = solve_classically(cleaned, settings, SEEDS)
    rows = found.frame.collect()
    assert rows.height == 2 * 4 * 160
    for (seed, method), own in rows.group_by("seed", "method"):
        assert own["indices"].list.get(0).to_list() == list(range(160))
        assert own["split"].to_list() == ["train"] * 60 + ["test"] * 100
        train, test = (own.filter(pl.col("split") == split) for split in ("train", "test"))
        facts = found.facts["seeds"][str(seed)]["methods"][method]
        assert train["quality"].unique().to_list() == [facts["cross_validated"]]
        assert test["quality"].unique().to_list() == [facts["balanced_accuracy"]]
    assert rows["method"].unique(maintain_order=True).to_list() == METHODS
    assert rows["value"].is_finite().all()


def test_tuned_methods_screen_well_and_the_best_is_named_by_cross_validation(wdbc, cancer_settings):
    settings = cancer_settings()
    found = solve_classically(clean([wdbc], settings, SEEDS), settings, SEEDS)
    for facts in found.facts["seeds"].values():
        methods = facts["methods"]
        best = facts["best_by_cross_validation"]
        assert methods[best]["cross_validated"] == max(
            m["cross_validated"] for m in methods.values()
        )
        assert methods[best]["balanced_accuracy"] > 0.85
        assert methods[best]["roc_auc"] > 0.95


def test_labels_of_test_rows_change_no_margin(table, settings):
    settings = settings()
    cleaned = clean([table()], settings, (0,))
    from hq_assets.problems.contract import Cleaned

    flipped = Cleaned(
        cleaned.frame.with_columns(
            pl.when(pl.col("split") == "test")
            .then(pl.lit("no"))
            .otherwise(pl.col("label"))
            .alias("label")
        )
    )
    one, other = (solve_classically(c, settings, (0,)).frame.collect() for c in (cleaned, flipped))
    assert one["value"].equals(other["value"])
    assert other.filter(pl.col("split") == "test")["quality"].null_count() == 40
