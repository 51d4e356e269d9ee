"""Stratified splits that depend on nothing but seed and record ids."""

from __future__ import annotations

from typing import Literal

import numpy as np

from hq_assets.classical.record_hashes import mix

UNUSED, TRAIN, TEST = 0, 1, 2
"""Codes of the splits."""

SPLIT_NAMES = ("unused", "train", "test")
"""Name of each code."""


def shares(total: int, sizes: np.ndarray) -> np.ndarray:
    """Divide a number among groups in proportion to their sizes (largest remainder).

    Args:
        total: Number to divide, at most the sum of the sizes.
        sizes: Sizes of the groups, shape (groups,), int64.

    Returns:
        One number per group, none above its size; they sum to `total`.
    """
    exact = total * sizes / max(int(sizes.sum()), 1)
    result = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(-(exact - result), kind="stable")
    result[by_remainder[: total - int(result.sum())]] += 1
    return result


def stratified_split(
    hashes: np.ndarray,
    classes: np.ndarray,
    seed: int,
    train_rows: int,
    test_rows: int | Literal["rest"],
) -> np.ndarray:
    """Assign rows to train, test and unused, each class in proportion, by a seeded hash.

    The result for a row does not depend on the order of the rows.

    Args:
        hashes: Distinct hashes of the record ids, shape (rows,), uint64.
        classes: Class code per row, shape (rows,); negative means that the row cannot be used.
        seed: Seed of the split.
        train_rows: Exact number of training rows.
        test_rows: Exact number of test rows, or `rest` for all others that can be used.

    Returns:
        Codes UNUSED, TRAIN, TEST of shape (rows,), int8.

    Raises:
        ValueError: There are fewer usable rows than asked for.
    """
    usable = classes >= 0
    sizes = np.bincount(classes[usable])
    wanted = train_rows + (0 if test_rows == "rest" else test_rows)
    if wanted > sizes.sum():
        message = (
            f"{wanted} rows were asked for, but only {sizes.sum()} are usable; ask for fewer rows"
        )
        raise ValueError(message)
    train = shares(train_rows, sizes)
    left = sizes - train
    test = left if test_rows == "rest" else shares(test_rows, left)
    split = np.zeros(len(hashes), dtype=np.int8)
    order_keys = mix(hashes, seed)
    for code, (first, then) in enumerate(zip(train, test, strict=True)):
        members = np.flatnonzero(classes == code)
        _assign(split, members, order_keys[members], int(first), int(then))
    return split


def _assign(
    split: np.ndarray, members: np.ndarray, keys: np.ndarray, train: int, test: int
) -> None:
    """Mark the members with the smallest keys as train, the next ones as test (in place)."""
    wanted = train + test
    everyone = wanted == len(members)
    chosen = np.arange(wanted) if everyone else np.argpartition(keys, wanted)[:wanted]
    first = chosen[np.argpartition(keys[chosen], train)[:train]] if train < wanted else chosen
    split[members[chosen]] = TEST
    split[members[first]] = TRAIN
