import io

import numpy as np
import pytest

from hq_assets.stages.pictures.inline import (
    IN_PLACE,
    first_that_fits,
    markdown_image,
    palette_png,
    svg,
    svg_text,
)

PALETTE = ((255, 255, 255), (200, 10, 20), (0, 80, 160), (7, 7, 7))


@pytest.mark.parametrize(("shape", "pixels"), [((3, 4), 1), ((5, 3), 1), ((7, 5), 3), ((1, 1), 8)])
def test_a_decoder_reads_back_every_cell(shape, pixels):
    from matplotlib import image

    cells = np.random.default_rng(3).integers(0, len(PALETTE), shape)
    decoded = image.imread(io.BytesIO(palette_png(cells, PALETTE, pixels)), format="png")
    expected = np.kron(cells, np.ones((pixels, pixels), dtype=int))
    colours = np.rint(decoded[..., :3] * 255).astype(int)
    assert colours.tolist() == np.array(PALETTE)[expected].tolist()


def test_the_first_draft_that_is_shown_in_place_is_taken():
    assert first_that_fits(["x" * 2000, "y" * IN_PLACE, "z"]) == "y" * IN_PLACE


def test_without_a_fitting_draft_the_coarsest_is_taken():
    assert first_that_fits(["x" * 3000, "y" * 2000]) == "y" * 2000


def test_an_svg_is_well_formed_also_with_hostile_text():
    from xml.etree import ElementTree as ET

    document = ET.fromstring(svg(10, 20, svg_text(1, 2, "<a&b>")))  # noqa: S314 - our own text
    assert [node.text for node in document] == ["<a&b>"]


def test_the_caption_stands_below_the_image():
    assert markdown_image(b"abc", "png", "what it is").split("\n\n") == [
        "![](data:image/png;base64,YWJj)",
        "what it is",
    ]
