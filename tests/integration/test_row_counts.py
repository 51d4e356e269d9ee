"""Rows are compared with the source and the stage before, and outcomes name what was executed."""

import dagster as dg
import pytest

from hq_assets.cli.instance import open_instance

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("stage", "judgement"),
    [
        ("cleaned_features", "each of 60 source records has a row under each seed"),
        ("encoded_inputs", "each training and test record has one encoded row"),
    ],
)
def test_no_row_is_lost_from_stage_to_stage(ran, stage, judgement):
    key = dg.AssetCheckKey(dg.AssetKey(["cancer_sample", stage]), "statistics")
    with open_instance() as instance:
        record = instance.get_latest_asset_check_evaluation_record(key)
        assert record is not None
        assert judgement in str(record.evaluation.metadata["judged"].value)


def test_an_outcome_of_a_pair_has_the_number_of_the_pair_and_no_parameter_row(ran, state):
    version = state.materialization("raw_counts").tags["dagster/data_version"]
    entry = state.store.artifact("cancer_sample", "raw_counts", version).tables["rows"]
    rows = state.store.scan_table(entry).collect()
    assert rows["parameter_row"].null_count() == rows.height > 0
    pairs = 24 * 23 // 2 + 12 * 24
    assert sorted(rows["execution"].unique()) == list(range(pairs))
