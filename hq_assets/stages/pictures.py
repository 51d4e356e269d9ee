"""Small pictures for the UI: Markdown with an inline image, from stored numbers only.

Dagster shows Markdown up to 1,000 characters in place and longer Markdown behind a link, and it strips raw
HTML. So pictures are PNGs as data URIs.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any


def kernel_picture(frame: Any) -> str | None:
    """The training kernel of the first seed as a heat map, or None where there is no kernel.

    Args:
        frame: Lazy frame of normalized results with the upper triangle of `kernel_train`.
    """
    import numpy as np
    import polars as pl

    kernel = frame.filter(pl.col("name") == "kernel_train")
    seed = kernel.select(pl.col("seed").min()).collect().item()
    if seed is None:
        return None
    rows = kernel.filter(pl.col("seed") == seed).select(
        i=pl.col("indices").list.get(0), j=pl.col("indices").list.get(1), value=pl.col("value")
    )
    table = rows.collect()
    i, j, value = (table[name].to_numpy() for name in ("i", "j", "value"))
    size = int(max(i.max(), j.max())) + 1
    matrix = np.eye(size)
    matrix[i, j] = matrix[j, i] = value
    return heat_map(matrix, f"training kernel, seed {seed}, {size} records (dark = similar)")


def heat_map(matrix: Any, caption: str) -> str:
    """A matrix with values in [0, 1] as an inline picture.

    Args:
        matrix: Array of shape (rows, columns).
        caption: One line below the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.6, 3.2), dpi=80, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(matrix, cmap="viridis_r", vmin=0.0, vmax=1.0, interpolation="nearest")
    figure.colorbar(image, ax=axes, label="overlap")
    axes.set_xlabel("record")
    axes.set_ylabel("record")
    return _markdown(figure, caption)


def decision_pictures(series: Mapping[str, Mapping[str, Sequence[Any]]]) -> dict[str, str]:
    """A picture per known series: reliability, roc, margins, fidelity."""
    drawers = {"reliability": _reliability, "roc": _roc, "margins": _margins, "fidelity": _fidelity}
    return {
        f"picture_{name}": drawers[name](points)
        for name, points in series.items()
        if name in drawers
    }


def _figure() -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 3.2), dpi=80, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _reliability(points: Mapping[str, Sequence[Any]]) -> str:
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="perfectly calibrated")
    observed = points["observed"]
    low = [max(o - x, 0) for o, x in zip(observed, points.get("low", observed), strict=True)]
    high = [max(x - o, 0) for o, x in zip(observed, points.get("high", observed), strict=True)]
    axes.errorbar(
        points["predicted"], observed, yerr=[low, high], fmt="o-", capsize=2, label="observed"
    )
    axes.set(xlabel="predicted probability", ylabel="observed frequency", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)
    return _markdown(figure, "reliability of the calibrated probability, with intervals")


def _roc(points: Mapping[str, Sequence[Any]]) -> str:
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot(points["fpr"], points["tpr"])
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    return _markdown(figure, "ROC of the published seed, test records")


def _margins(points: Mapping[str, Sequence[Any]]) -> str:
    figure, axes = _figure()
    labels = sorted(set(points["label"]))
    groups = [
        [s for s, name in zip(points["score"], points["label"], strict=True) if name == label]
        for label in labels
    ]
    axes.hist(groups, bins=24, stacked=True, label=labels)
    axes.axvline(0, color="0.3", linewidth=1)
    axes.set(xlabel="margin", ylabel="test records")
    axes.legend(frameon=False, fontsize=8)
    return _markdown(figure, "margins of the published seed by true class")


def _fidelity(points: Mapping[str, Sequence[Any]]) -> str:
    figure, axes = _figure()
    names = list(points["record_id"])
    axes.barh(range(len(names)), points["fidelity"])
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.invert_yaxis()
    axes.set(xlabel="Hellinger fidelity to the ideal distribution", xlim=(0, 1.01))
    return _markdown(figure, "agreement with the ideal distribution")


def _markdown(figure: Any, caption: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f"![{caption}](data:image/png;base64,{data})\n\n{caption}"
