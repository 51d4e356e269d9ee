"""The training kernel of the published seed as a heat map."""

from typing import Any

from hq_assets.stages.pictures.figures import figure_markdown, new_figure
from hq_assets.stages.pictures.inline import first_that_fits, markdown_image, palette_png

LEVELS = 8
SIDES = (40, 32, 24, 16, 8)
"""Cells per side that are tried in place, finest first."""

LIGHT, DARK = (253, 250, 205), (47, 16, 96)


def kernel_pictures(frame: Any) -> dict[str, str]:
    """Pictures by name, small and large; none where there is no kernel.

    Args:
        frame: Lazy frame of normalized results with the upper triangle of `kernel_train`.
    """
    import polars as pl

    kernel = frame.filter(pl.col("name") == "kernel_train")
    seed = kernel.select(pl.col("seed").min()).collect().item()
    if seed is None:
        return {}
    matrix = similarity_order(kernel_matrix(kernel.filter(pl.col("seed") == seed)))
    size = len(matrix)
    caption = f"{size} × {size} training overlaps of seed {seed}, similar records side by side"
    return {
        "picture_kernel": small_heat_map(matrix, caption),
        "picture_kernel_large": large_heat_map(matrix, caption),
    }


def kernel_matrix(rows: Any) -> Any:
    """The symmetric matrix with unit diagonal of one seed's upper triangle.

    Args:
        rows: Lazy frame with indices (row, column) and value.

    Returns:
        Array of shape (records, records).
    """
    import numpy as np
    import polars as pl

    table = rows.select(
        i=pl.col("indices").list.get(0), j=pl.col("indices").list.get(1), value=pl.col("value")
    ).collect()
    i, j, value = (table[name].to_numpy() for name in ("i", "j", "value"))
    matrix = np.eye(int(max(i.max(), j.max())) + 1)
    matrix[i, j] = matrix[j, i] = value
    return matrix


def similarity_order(matrix: Any) -> Any:
    """Rows and columns reordered by the second eigenvector, so that similar records stand together.

    Args:
        matrix: Symmetric array of shape (n, n).
    """
    import numpy as np

    if len(matrix) < 2:  # noqa: PLR2004 - one record has no order
        return matrix
    second = np.linalg.eigh(matrix)[1][:, -2]
    order = np.argsort(second * (1 if second[0] <= 0 else -1), kind="stable")
    return matrix[np.ix_(order, order)]


def small_heat_map(matrix: Any, caption: str) -> str:
    """Means over blocks in eight shades, as fine as can be shown in place.

    Args:
        matrix: Array of shape (n, n).
        caption: One line; the range of the shades is added.
    """
    return first_that_fits(_draft(matrix, min(side, len(matrix)), caption) for side in SIDES)


def _draft(matrix: Any, side: int, caption: str) -> str:
    import numpy as np

    means = block_means(matrix, side)
    low, high = float(means.min()), float(means.max())
    shades = np.minimum((means - low) / max(high - low, 1e-12) * LEVELS, LEVELS - 1).astype(int)
    palette = [
        tuple(round(a + (b - a) * k / (LEVELS - 1)) for a, b in zip(LIGHT, DARK, strict=True))
        for k in range(LEVELS)
    ]
    image = palette_png(shades, palette, max(240 // side, 1))  # pyright: ignore[reportArgumentType] - triples
    return markdown_image(image, "png", f"{caption}; light {low:.3g}, dark {high:.3g}")


def block_means(matrix: Any, side: int) -> Any:
    """Means over `side` × `side` blocks of nearly equal size.

    Args:
        matrix: Array of shape (n, n), n at least `side`.
        side: Blocks per side.
    """
    import numpy as np

    starts = np.linspace(0, len(matrix), side + 1).astype(int)[:-1]
    counts = np.diff([*starts, len(matrix)])
    sums = np.add.reduceat(np.add.reduceat(matrix, starts, axis=0), starts, axis=1)
    return sums / np.outer(counts, counts)


def large_heat_map(matrix: Any, caption: str) -> str:
    """Every entry, with a scale."""
    figure, axes = new_figure(5.2, 4.4)
    image = axes.imshow(matrix, cmap="magma_r", vmax=1.0, interpolation="nearest")
    figure.colorbar(image, ax=axes, label="overlap")
    axes.set(xlabel="record", ylabel="record")
    return figure_markdown(figure, caption)
