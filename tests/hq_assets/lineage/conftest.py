"""Circuits shared by the tests of circuit fingerprints."""

import runpy
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def gallery():
    """Name → function that builds a circuit anew."""
    return runpy.run_path(str(Path(__file__).with_name("circuit_gallery.py")))["GALLERY"]
