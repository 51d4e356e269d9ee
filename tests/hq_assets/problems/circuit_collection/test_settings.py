"""Settings refuse what cannot work and load without heavy packages."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from hq_assets.problems.circuit_collection.settings import Settings


def test_an_unknown_key_is_refused():
    with pytest.raises(ValidationError, match="max_qubit"):
        Settings.model_validate({"max_qubit": 5})


def test_a_reference_wider_than_the_kept_outcomes_is_refused():
    with pytest.raises(ValidationError, match="needs max_outcomes of at least 1024"):
        Settings(reference_max_qubits=10, max_outcomes=512)


def test_loading_the_settings_imports_no_heavy_package():
    code = (
        "import sys, hq_assets.problems.circuit_collection.settings;"
        "print([n for n in ('numpy', 'polars', 'qiskit') if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
