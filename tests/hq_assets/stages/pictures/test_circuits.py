import io

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy

from hq_assets.stages.pictures.circuits import circuit_picture, map_picture
from hq_assets.stages.pictures.inline import IN_PLACE


def test_a_circuit_is_shown_whole_where_it_fits():
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    file = io.BytesIO()
    qpy.dump(circuit, file)
    assert "`ghz`: 3 qubits, 3 layers;" in circuit_picture("ghz", file.getvalue())


@pytest.mark.parametrize("shape", [(2, 3000), (30, 400), (127, 60)])
def test_a_picture_of_any_size_is_shown_in_place_and_says_what_it_leaves_out(shape):
    cells = np.random.default_rng(5).integers(0, 5, shape)
    picture = map_picture("deep", cells)
    assert len(picture) <= IN_PLACE
    assert f"of {shape[1]} layers" in picture


def test_a_circuit_without_operations_says_so():
    assert map_picture("empty", np.zeros((0, 0), dtype=int)) == "`empty` has no operation."
