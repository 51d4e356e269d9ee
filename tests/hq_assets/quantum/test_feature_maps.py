import numpy as np
import pytest
from qiskit.circuit.library import zz_feature_map
from qiskit.quantum_info import Operator, Statevector

from hq_assets.quantum.encodings import encoding_names, encoding_rule
from hq_assets.quantum.feature_maps import (
    amplitude_angles,
    entangled_pairs,
    feature_map,
    pair_circuit,
)

CHOICES = [
    ("angle", 3, 1, None),
    ("zz", 3, 2, "full"),
    ("zz", 4, 1, "circular"),
    ("iqp", 3, 2, "linear"),
    ("basis", 3, 1, None),
    ("amplitude", 3, 1, None),
]


def _rows(encoding, num_qubits, count=4, seed=5):
    rule = encoding_rule(encoding)
    size = rule.num_parameters(num_qubits)
    return np.random.default_rng(seed).uniform(rule.low, rule.high, (count, size))


def _state(circuit, row):
    return Statevector(circuit.assign_parameters(row)).data


def test_every_encoding_has_a_circuit():
    for name in encoding_names():
        entanglement = "full" if encoding_rule(name).entanglement else None
        circuit = feature_map(name, 3, entanglement=entanglement)
        assert len(circuit.parameters) == encoding_rule(name).num_parameters(3)


@pytest.mark.parametrize(("encoding", "num_qubits", "reps", "entanglement"), CHOICES)
def test_the_pair_circuit_gives_the_overlap_as_all_zero_probability(
    encoding, num_qubits, reps, entanglement
):
    u = feature_map(encoding, num_qubits, reps, entanglement)
    pair = pair_circuit(encoding, num_qubits, reps, entanglement)
    names = [parameter.name for parameter in pair.parameters]
    assert names == [f"{s}[{i}]" for s in ("left", "right") for i in range(len(names) // 2)]
    assert [(register.name, register.size) for register in pair.cregs] == [("meas", num_qubits)]
    unmeasured = pair.remove_final_measurements(inplace=False)
    rows = _rows(encoding, num_qubits)
    for left in rows:
        for right in rows:
            expected = abs(np.vdot(_state(u, right), _state(u, left))) ** 2
            zero = _state(unmeasured, np.concatenate([left, right]))[0]
            assert abs(zero) ** 2 == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("encoding", "num_qubits", "reps", "entanglement"), CHOICES)
def test_a_row_paired_with_itself_always_returns_to_zero(encoding, num_qubits, reps, entanglement):
    pair = pair_circuit(encoding, num_qubits, reps, entanglement)
    unmeasured = pair.remove_final_measurements(inplace=False)
    for row in _rows(encoding, num_qubits):
        zero = _state(unmeasured, np.concatenate([row, row]))[0]
        assert abs(zero) ** 2 == pytest.approx(1.0, abs=1e-12)


def test_values_keep_their_order_beyond_ten_features():
    u = feature_map("angle", 12)
    row = np.zeros(12)
    row[11] = np.pi
    assert abs(_state(u, row)[1 << 11]) == pytest.approx(1.0)


def test_the_angle_kernel_of_one_qubit_is_the_squared_cosine_of_half_the_difference():
    u = feature_map("angle", 1)
    for a, b in ((0.0, np.pi), (0.3, 1.9), (2.0, 2.5)):
        overlap = abs(np.vdot(_state(u, [a]), _state(u, [b]))) ** 2
        assert overlap == pytest.approx(np.cos((a - b) / 2) ** 2, abs=1e-12)


def test_the_zz_map_is_the_one_of_the_circuit_library():
    ours = feature_map("zz", 4, 2, "circular").assign_parameters([0.1, 1.2, 2.3, 3.4])
    library = zz_feature_map(4, reps=2, entanglement="circular")
    assert Operator(ours) == Operator(library.assign_parameters([0.1, 1.2, 2.3, 3.4]))


@pytest.mark.parametrize("entanglement", ["linear", "full", "circular"])
@pytest.mark.parametrize("num_qubits", [2, 3, 4, 5])
def test_entangled_pairs_are_those_of_the_circuit_library(entanglement, num_qubits):
    library = zz_feature_map(num_qubits, reps=1, entanglement=entanglement)
    cnots = [
        tuple(library.find_bit(qubit).index for qubit in instruction.qubits)
        for instruction in library.data
        if instruction.name == "cx"
    ]
    assert entangled_pairs(num_qubits, entanglement) == cnots[::2]


def test_basis_states_of_different_bits_are_orthogonal():
    u = feature_map("basis", 3)
    bits = [[b & 1, b >> 1 & 1, b >> 2] for b in range(8)]
    overlaps = [[abs(np.vdot(_state(u, a), _state(u, b))) ** 2 for a in bits] for b in bits]
    np.testing.assert_allclose(overlaps, np.eye(8), atol=1e-12)
    assert [int(np.argmax(abs(_state(u, b)))) for b in bits] == list(range(8))


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5])
def test_the_amplitude_map_prepares_the_normalized_vector_signs_included(num_qubits):
    rng = np.random.default_rng(11)
    size = 2**num_qubits
    vectors = rng.normal(size=(6, size))
    vectors[1] = abs(vectors[1])
    vectors[2] = -abs(vectors[2])
    vectors[3, 1:] = 0.0
    vectors[4, : size // 2] = 0.0
    vectors[5] *= 1e200
    u = feature_map("amplitude", num_qubits)
    angles = amplitude_angles(vectors, num_qubits)
    rule = encoding_rule("amplitude")
    assert angles.min() >= rule.low
    assert angles.max() <= rule.high
    expected = vectors / abs(vectors).max(axis=1, keepdims=True)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    for row, vector in zip(angles, expected, strict=True):
        np.testing.assert_allclose(_state(u, row), vector, atol=1e-12)


def test_short_vectors_fill_up_with_zeros():
    u = feature_map("amplitude", 2)
    state = _state(u, amplitude_angles([[3.0, 0.0, 4.0]], 2)[0])
    np.testing.assert_allclose(state, [0.6, 0.0, 0.8, 0.0], atol=1e-12)


@pytest.mark.parametrize("vectors", [[[0.0, 0.0]], [[np.nan, 1.0]], [[1.0] * 5], [1.0, 2.0]])
def test_vectors_without_direction_or_of_wrong_length_are_refused(vectors):
    with pytest.raises(ValueError, match=r"ector"):
        amplitude_angles(vectors, 2)


def test_a_map_that_breaks_a_rule_is_not_built():
    with pytest.raises(ValueError, match="1 qubits, but takes 2 to 156"):
        feature_map("zz", 1, entanglement="full")
