import numpy as np

from hq_assets.classical.smallest_keys import SmallestKeys


def test_the_rows_with_the_smallest_keys_of_a_stream_are_kept_with_their_values():
    keys = np.random.default_rng(0).permutation(10_000).astype(np.uint64)
    keeper = SmallestKeys(capacity=100, width=1)
    for start in range(0, 10_000, 700):
        part = keys[start : start + 700]
        rows = np.arange(len(part))
        keeper.add(part, rows, (rows[:, None] + start) * 2.0, offset=start)
    smallest = np.sort(np.argsort(keys)[:100])
    values = keeper.values_of(smallest)
    assert values is not None
    assert np.array_equal(values[:, 0], smallest * 2.0)
    assert len(keeper._rows) <= 200


def test_a_row_that_was_not_kept_is_said_to_be_absent():
    keeper = SmallestKeys(capacity=2, width=1)
    assert keeper.values_of(np.array([0])) is None
    keeper.add(np.arange(10, dtype=np.uint64), np.arange(10), np.zeros((10, 1)))
    assert keeper.values_of(np.array([1, 9])) is None
