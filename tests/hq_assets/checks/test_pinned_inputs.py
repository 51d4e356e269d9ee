"""A manifest names exactly the versions that Dagster recorded."""

import pytest

from hq_assets.checks.pinned_inputs import INPUT_VERSION_TAG, compare_pinned_inputs

TAGS = {f"{INPUT_VERSION_TAG}w/a": "1", f"{INPUT_VERSION_TAG}w/b": "2", "dagster/data_version": "9"}
UPSTREAM = ("w/a", "w/b")


def test_the_same_versions_pass():
    assert compare_pinned_inputs({"w/a": "1", "w/b": "2"}, TAGS, UPSTREAM).passed


@pytest.mark.parametrize(
    ("manifest", "asset", "reason"),
    [
        ({"w/a": "1", "w/b": "3"}, "w/b", "versions differ"),
        ({"w/a": "1"}, "w/b", "a version is missing"),
        ({"w/a": "1", "w/b": "2", "w/c": "3"}, "w/c", "a version is missing"),
    ],
)
def test_a_difference_names_the_input(manifest, asset, reason):
    verdict = compare_pinned_inputs(manifest, TAGS, UPSTREAM)
    assert not verdict.passed
    assert [(row["asset"], row["reason"]) for row in verdict.rows] == [(asset, reason)]


def test_an_input_that_neither_side_names_is_missing():
    assert not compare_pinned_inputs({}, {}, ("w/a",)).passed
