import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hq_assets.classical.record_hashes import mix
from hq_assets.classical.splitting import TEST, TRAIN, UNUSED, shares, stratified_split

HASHES = mix(np.arange(1000, dtype=np.uint64), 7)
CLASSES = (np.arange(1000) % 4 == 0).astype(np.int8)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=5), st.data())
def test_shares_sum_to_the_total_and_differ_from_proportion_by_less_than_one(sizes, data):
    total = data.draw(st.integers(0, sum(sizes)))
    result = shares(total, np.array(sizes))
    assert result.sum() == total
    assert (result <= sizes).all()
    assert (np.abs(result - total * np.array(sizes) / sum(sizes)) < 1).all()


def test_the_parts_have_exact_sizes_and_each_class_in_proportion():
    split = stratified_split(HASHES, CLASSES, 3, 200, 400)
    assert np.bincount(split).tolist() == [400, 200, 400]
    assert (CLASSES[split == TRAIN] == 1).sum() == 50
    assert (CLASSES[split == TEST] == 1).sum() == 100


def test_a_row_keeps_its_split_when_rows_change_places():
    order = np.random.default_rng(0).permutation(1000)
    split = stratified_split(HASHES, CLASSES, 3, 200, 400)
    assert np.array_equal(
        stratified_split(HASHES[order], CLASSES[order], 3, 200, 400), split[order]
    )


def test_another_seed_gives_another_split():
    first, second = (stratified_split(HASHES, CLASSES, seed, 200, "rest") for seed in (0, 1))
    assert (first == TRAIN).sum() == (second == TRAIN).sum() == 200
    assert (first != second).any()


def test_rows_that_cannot_be_used_are_in_no_part_and_rest_takes_all_others():
    classes = CLASSES.copy()
    classes[::10] = -1
    split = stratified_split(HASHES, classes, 3, 200, "rest")
    assert (split[::10] == UNUSED).all()
    assert (split[classes >= 0] != UNUSED).all()


def test_asking_for_more_rows_than_there_are_is_refused():
    with pytest.raises(ValueError, match="1001 rows were asked for, but only 1000 are usable"):
        stratified_split(HASHES, CLASSES, 3, 200, 801)
