"""Large pictures: figures with axes, as PNGs inside Markdown, which Dagster shows behind a link."""

import io
from typing import Any

from hq_assets.stages.pictures.inline import markdown_image


def new_figure(width: float = 5.2, height: float = 3.8) -> tuple[Any, Any]:
    """A figure and its axes; sizes in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=90, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def figure_markdown(figure: Any, caption: str) -> str:
    """The figure with its caption."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return markdown_image(buffer.getvalue(), "png", caption)
