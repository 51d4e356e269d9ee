import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from hq_assets.classical.record_hashes import hash_texts, mix


def test_hashes_are_the_same_on_every_platform_and_version():
    hashed = hash_texts(pl.Series(["", "a", "wdbc-0001", "ä", None]))
    expected = [
        16294208416658607535,
        6774081908283191102,
        12175886748987832197,
        16325524356446939827,
        16294208416658607535,
    ]
    assert hashed.tolist() == expected
    assert mix(np.array([0], dtype=np.uint64)).tolist() == [16294208416658607535]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30), st.integers(0, 29))
def test_a_hash_depends_on_the_text_alone(texts, start):
    whole = hash_texts(pl.Series(texts, dtype=pl.String))
    part = hash_texts(pl.Series(texts, dtype=pl.String).slice(start))
    assert np.array_equal(whole[start:], part)
    assert len(np.unique(whole)) == len(set(texts))


def test_mixing_is_one_to_one_and_another_seed_gives_another_order():
    numbers = np.arange(100_000, dtype=np.uint64)
    first, second = mix(numbers, 1), mix(numbers, 2)
    assert len(np.unique(first)) == len(numbers)
    # Ranks of unrelated orders correlate by chance only: |r| < 4 / sqrt(n), false alarms 6e-5.
    correlation = np.corrcoef(first.argsort().argsort(), second.argsort().argsort())[0, 1]
    assert abs(correlation) < 4 / np.sqrt(len(numbers))
