import numpy as np
import polars as pl
import pytest

from hq_assets.stages.pictures.inline import IN_PLACE
from hq_assets.stages.pictures.kernel import block_means, kernel_pictures, similarity_order


def results(matrix: np.ndarray, seed: int) -> pl.DataFrame:
    i, j = np.triu_indices(len(matrix), 1)
    return pl.DataFrame(
        {
            "name": "kernel_train",
            "seed": seed,
            "indices": np.stack([i, j], axis=1).tolist(),
            "value": matrix[i, j],
        }
    )


def two_groups(size: int) -> np.ndarray:
    group = np.arange(size) % 2
    matrix = np.where(group[:, None] == group[None, :], 0.9, 0.1)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def test_two_interleaved_groups_become_two_blocks():
    ordered = similarity_order(two_groups(12))
    assert (ordered[:6, :6] >= 0.9).all()
    assert (ordered[:6, 6:] == 0.1).all()


def test_ordering_only_moves_records():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(9, 3))
    matrix = np.exp(-((points[:, None] - points[None]) ** 2).sum(axis=2))
    ordered = similarity_order(matrix)
    assert np.sort(ordered, axis=None) == pytest.approx(np.sort(matrix, axis=None))
    assert np.diag(ordered) == pytest.approx(np.ones(9))


@pytest.mark.parametrize("side", [1, 3, 4, 7])
def test_block_means_keep_the_mean_of_each_block(side):
    matrix = np.arange(49.0).reshape(7, 7)
    means = block_means(matrix, side)
    cuts = np.linspace(0, 7, side + 1).astype(int)
    assert means.shape == (side, side)
    assert means[0, -1] == pytest.approx(matrix[: cuts[1], cuts[-2] :].mean())


@pytest.mark.parametrize("size", [2, 40, 200])
def test_the_small_picture_is_shown_in_place_and_shows_the_first_seed(size):
    frame = pl.concat([results(two_groups(size), 4), results(two_groups(size + 1), 9)])
    pictures = kernel_pictures(frame.lazy())
    assert len(pictures["picture_kernel"]) <= IN_PLACE
    assert f"{size} × {size} training overlaps of seed 4" in pictures["picture_kernel"]
    assert len(pictures["picture_kernel_large"]) > IN_PLACE


def test_without_a_kernel_there_is_no_picture():
    frame = results(two_groups(4), 0).with_columns(name=pl.lit("probability"))
    assert kernel_pictures(frame.lazy()) == {}
