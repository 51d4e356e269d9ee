"""Pictures of the points that a decision reports: reliability, ROC, margins, fidelity."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hq_assets.stages.pictures.figures import figure_markdown, new_figure
from hq_assets.stages.pictures.inline import (
    first_that_fits,
    markdown_image,
    svg,
    svg_path,
    svg_text,
)

Points = Mapping[str, Sequence[Any]]
SIDE = 140
"""Pixels from 0 to 1 in a small picture; the origin is at (LEFT, SIDE + TOP)."""

LEFT, TOP = 12, 4
MAIN, OTHER, FAINT = "#4a3aa7", "#e07b39", "#bbb"


def series_pictures(series: Mapping[str, Points]) -> dict[str, str]:
    """Small and large pictures by name, for every series that is known and has points."""
    found: dict[str, str] = {}
    for name, (small, large, caption) in DRAWERS.items():
        points = series.get(name)
        if points is None or not any(len(values) for values in points.values()):
            continue
        found[f"picture_{name}"] = small(points, caption)
        found[f"picture_{name}_large"] = large(points, caption)
    return found


def place(x: float, y: float) -> str:
    """Coordinates of a point of the unit square in a small picture."""
    return f"{LEFT + SIDE * x:.0f},{TOP + SIDE * (1 - y):.0f}"


def _square(body: str, across: str, up: str, caption: str) -> str:
    """The unit square with its diagonal and the names of its axes."""
    frame = svg_path(f"M{place(0, 1)}V{TOP + SIDE}h{SIDE}", "#555")
    diagonal = svg_path(f"M{place(0, 0)}L{place(1, 1)}", FAINT)
    words = svg_text(LEFT + 40, TOP + SIDE + 11, across) + svg_text(LEFT + 12, TOP + 20, up)
    return markdown_image(
        svg(SIDE + LEFT + 8, SIDE + TOP + 16, frame + diagonal + words + body), "svg+xml", caption
    )


def small_roc(points: Points, caption: str) -> str:
    """The curve, with as many corners as fit."""
    curve = list(zip(points["fpr"], points["tpr"], strict=True))

    def draft(most: int) -> str:
        step = max(len(curve) // most, 1)
        kept = [*curve[:-1:step], curve[-1]]
        line = svg_path("M" + "L".join(place(x, y) for x, y in kept), MAIN, 2)
        return _square(line, "false positives", "true positives", caption)

    return first_that_fits(draft(most) for most in (60, 40, 24, 16))


def small_reliability(points: Points, caption: str) -> str:
    """Observed frequency per bin with its interval, beside the diagonal of perfect calibration."""
    predicted, observed = points["predicted"], points["observed"]
    low, high = points.get("low", observed), points.get("high", observed)
    bars = "".join(
        f"M{place(x, a)}V{TOP + SIDE * (1 - b):.0f}"
        for x, a, b in zip(predicted, low, high, strict=True)
    )
    dots = "".join(f"M{place(x, y)}h0" for x, y in zip(predicted, observed, strict=True))
    body = svg_path(bars, FAINT) + svg_path(dots, MAIN, 5, ' stroke-linecap="round"')
    return _square(body, "predicted", "observed", caption)


def small_margins(points: Points, caption: str) -> str:
    """Stacked histogram of the margins by true class."""
    return first_that_fits(_margins_draft(points, caption, bins) for bins in (32, 24, 16, 10))


def _margins_draft(points: Points, caption: str, bins: int) -> str:
    import numpy as np

    scores = np.asarray(points["score"], dtype=float)
    labels = np.asarray(points["label"])
    names = sorted(set(points["label"]))
    edges = np.histogram_bin_edges(scores, bins)
    counts = [np.histogram(scores[labels == name], edges)[0] for name in names]
    step = 240 / bins
    scale = 100 / max(int(sum(counts).max()), 1)  # pyright: ignore[reportAttributeAccessIssue] - arrays
    below, body = np.zeros(bins), ""
    for k, (name, count) in enumerate(zip(names, counts, strict=True)):
        colour = (OTHER, MAIN)[k % 2]
        bars = "".join(
            f"M{8 + step * (n + 0.5):.0f},{114 - base * scale:.0f}v{-height * scale:.0f}"
            for n, (base, height) in enumerate(zip(below, count, strict=True))
            if height
        )
        body += svg_path(bars, colour, step - 1) + svg_text(
            200, 12 + 11 * k, str(name)[:10], colour
        )
        below = below + count
    zero = 8 + 240 * (0 - edges[0]) / (edges[-1] - edges[0])
    body += svg_path(f"M{zero:.0f},4V118M8,114h240", "#555")
    return markdown_image(svg(256, 122, body), "svg+xml", caption)


def small_fidelity(points: Points, caption: str) -> str:
    """One dot per record on a scale from the lowest to 1, with its interval; the worst are named."""
    rows = list(
        zip(points["fidelity"], points["low"], points["high"], points["record_id"], strict=True)
    )
    rows.sort(key=lambda row: row[0])
    return first_that_fits(
        _fidelity_draft(rows[:most], len(rows), caption) for most in (12, 10, 8, 6, 4, 2, 1)
    )


def _fidelity_draft(rows: Sequence[tuple[float, float, float, str]], of: int, caption: str) -> str:
    floor = min(0.9, *(low for _, low, _, _ in rows), *(value for value, *_ in rows))
    floor = int(floor * 10) / 10

    def across(value: float) -> str:
        return f"{110 + 150 * (value - floor) / (1 - floor):.0f}"

    heights = [16 + 12 * n for n in range(len(rows))]
    bars = "".join(
        f"M{across(low)},{y}H{across(high)}"
        for y, (_, low, high, _) in zip(heights, rows, strict=True)
    )
    dots = "".join(f"M{across(value)},{y}h0" for y, (value, *_) in zip(heights, rows, strict=True))
    names = "".join(svg_text(0, y + 3, row[3][:18]) for y, row in zip(heights, rows, strict=True))
    ends = svg_text(104, 8, f"{floor:g}") + svg_text(257, 8, "1")
    body = svg_path(bars, FAINT, 3) + svg_path(dots, MAIN, 6, ' stroke-linecap="round"')
    image = svg(270, 12 * len(rows) + 16, ends + names + body)
    return markdown_image(image, "svg+xml", f"{caption}; the lowest {len(rows)} of {of}")


def large_roc(points: Points, caption: str) -> str:
    """The curve with every corner."""
    figure, axes = new_figure()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
    axes.plot(points["fpr"], points["tpr"], color=MAIN)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    return figure_markdown(figure, caption)


def large_reliability(points: Points, caption: str) -> str:
    """Observed frequency per bin with its interval and number of records."""
    figure, axes = new_figure()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, label="perfectly calibrated")
    predicted, observed = points["predicted"], points["observed"]
    low = [max(o - x, 0) for o, x in zip(observed, points.get("low", observed), strict=True)]
    high = [max(x - o, 0) for o, x in zip(observed, points.get("high", observed), strict=True)]
    axes.errorbar(
        predicted, observed, yerr=[low, high], fmt="o-", capsize=2, color=MAIN, label="observed"
    )
    for x, y, count in zip(predicted, observed, points.get("count", ()), strict=False):
        axes.annotate(str(count), (x, y), xytext=(5, -9), textcoords="offset points", fontsize=7)
    axes.set(xlabel="predicted probability", ylabel="observed frequency", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)
    return figure_markdown(figure, caption)


def large_margins(points: Points, caption: str) -> str:
    """Stacked histogram with both axes."""
    figure, axes = new_figure()
    labels = sorted(set(points["label"]))
    groups = [
        [s for s, name in zip(points["score"], points["label"], strict=True) if name == label]
        for label in labels
    ]
    colours = [(OTHER, MAIN)[k % 2] for k in range(len(labels))]
    axes.hist(groups, bins=24, stacked=True, label=labels, color=colours)
    axes.axvline(0, color="0.3", linewidth=1)
    axes.set(xlabel="margin", ylabel="test records")
    axes.legend(frameon=False, fontsize=8)
    return figure_markdown(figure, caption)


def large_fidelity(points: Points, caption: str) -> str:
    """A bar per record with its interval."""
    names = [str(name) for name in points["record_id"]]
    figure, axes = new_figure(6.4, 1.0 + 0.2 * len(names))
    value = list(points["fidelity"])
    low = [max(v - x, 0) for v, x in zip(value, points["low"], strict=True)]
    high = [max(x - v, 0) for v, x in zip(value, points["high"], strict=True)]
    axes.barh(range(len(names)), value, xerr=[low, high], color=MAIN, ecolor=OTHER)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.invert_yaxis()
    axes.set(xlabel="Hellinger fidelity to the ideal distribution", xlim=(0, 1.01))
    return figure_markdown(figure, caption)


Drawer = Callable[[Points, str], str]
DRAWERS: Mapping[str, tuple[Drawer, Drawer, str]] = {
    "roc": (small_roc, large_roc, "ROC, published seed, test records"),
    "reliability": (small_reliability, large_reliability, "probability said and frequency seen"),
    "margins": (small_margins, large_margins, "margins of test records by true class"),
    "fidelity": (small_fidelity, large_fidelity, "fidelity to the ideal distribution"),
}
"""Series → its small picture, its large picture, its caption; in the order of the UI."""
