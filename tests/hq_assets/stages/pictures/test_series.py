import numpy as np
import pytest

from hq_assets.stages.pictures.inline import IN_PLACE
from hq_assets.stages.pictures.series import DRAWERS, series_pictures


def points(size: int) -> dict[str, dict[str, list]]:
    rng = np.random.default_rng(size)
    up = np.linspace(0, 1, size)
    return {
        "roc": {"fpr": up.tolist(), "tpr": np.sqrt(up).tolist()},
        "reliability": {
            "predicted": np.linspace(0.05, 0.95, 10).tolist(),
            "observed": np.linspace(0.1, 0.9, 10).tolist(),
            "low": np.linspace(0.0, 0.8, 10).tolist(),
            "high": np.linspace(0.2, 1.0, 10).tolist(),
            "count": [1] * 10,
        },
        "margins": {
            "score": rng.normal(size=size).tolist(),
            "label": rng.choice(["benign", "malignant"], size).tolist(),
        },
        "fidelity": {
            "record_id": [f"a_circuit_with_a_long_name_{n}.qasm" for n in range(size)],
            "fidelity": np.linspace(0.2, 1, size).tolist(),
            "low": np.linspace(0.1, 0.9, size).tolist(),
            "high": np.linspace(0.3, 1, size).tolist(),
        },
    }


@pytest.mark.parametrize("size", [1, 2, 40, 3000])
def test_every_small_picture_is_shown_in_place_whatever_the_number_of_points(size):
    series = points(size)
    if size == 3000:
        series["fidelity"] = points(200)["fidelity"]
    pictures = series_pictures(series)
    assert set(pictures) == {f"picture_{name}{more}" for name in DRAWERS for more in ("", "_large")}
    for name in DRAWERS:
        assert len(pictures[f"picture_{name}"]) <= IN_PLACE


def test_an_unknown_or_empty_series_gives_no_picture():
    assert series_pictures({"surprise": {"x": [1]}, "roc": {"fpr": [], "tpr": []}}) == {}


def test_pictures_depend_on_the_points_alone():
    assert series_pictures(points(40)) == series_pictures(points(40))
