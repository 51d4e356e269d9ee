import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter, ParameterVector
from qiskit.circuit.library import CZGate, pauli_feature_map, z_feature_map
from qiskit.quantum_info import Statevector

from hq_assets.quantum.feature_maps import feature_map
from hq_assets.quantum.phase_polynomials import recognise
from hq_assets.quantum.statevectors import AerStates

TOLERANCE = 1e-10


def _public(circuit, values):
    return np.array([Statevector(circuit.assign_parameters(row)).data for row in values])


def _values(circuit, rows=5):
    return np.random.default_rng(2).uniform(-3, 7, (rows, len(circuit.parameters)))


def _random_layered(seed):
    """Layers of Hadamards, phases and CNOT ladders that undo themselves, in a scrambled order."""
    rng = np.random.default_rng(seed)
    n, x = 4, ParameterVector("x", 4)
    circuit = QuantumCircuit(n, global_phase=0.3)
    circuit.h(range(n))
    for _ in range(12):
        i, j, k = (int(q) for q in rng.permutation(n)[:3])
        angle = float(rng.normal()) * x[i] * x[j] + x[k] - float(rng.normal())
        kind = rng.integers(8)
        if kind == 0:
            circuit.h(i)
        elif kind == 1:
            circuit.rz(angle, i)
        elif kind == 2:
            circuit.rzz(angle, i, j)
        elif kind == 3:
            circuit.cp(angle, i, j)
        elif kind == 4:
            circuit.cz(i, j)
        elif kind == 5:
            circuit.cx(i, j)
            circuit.cx(j, k)
            circuit.p(angle, k)
            circuit.cx(j, k)
            circuit.cx(i, j)
        elif kind == 6:
            circuit.t(i)
            circuit.sdg(j)
        else:
            circuit.barrier()
    return circuit


@pytest.mark.parametrize("encoding", ["zz", "iqp"])
@pytest.mark.parametrize("entanglement", ["linear", "full", "circular"])
@pytest.mark.parametrize("num_qubits", [2, 5, 8])
def test_layered_maps_give_the_states_of_the_public_route(encoding, entanglement, num_qubits):
    circuit = feature_map(encoding, num_qubits, 2, entanglement)
    layered = recognise(circuit)
    assert layered is not None
    values = _values(circuit)
    names = [parameter.name for parameter in circuit.parameters]
    ours = layered.states(values)
    np.testing.assert_allclose(ours, AerStates(circuit, names).states(values), atol=TOLERANCE)
    np.testing.assert_allclose(ours, _public(circuit, values), atol=TOLERANCE)


@pytest.mark.parametrize("seed", range(40))
def test_any_order_of_hadamards_and_phases_gives_the_states_of_the_public_route(seed):
    circuit = _random_layered(seed)
    layered = recognise(circuit)
    assert layered is not None
    names = {parameter.name for parameter in circuit.parameters}
    assert layered.num_parameters == len(names)
    values = _values(circuit)
    np.testing.assert_allclose(layered.states(values), _public(circuit, values), atol=TOLERANCE)


@pytest.mark.parametrize("num_qubits", [1, 4])
def test_the_z_map_of_the_circuit_library_agrees(num_qubits):
    circuit = z_feature_map(num_qubits, reps=3)
    values = _values(circuit)
    layered = recognise(circuit)
    assert layered is not None
    np.testing.assert_allclose(layered.states(values), _public(circuit, values), atol=TOLERANCE)


def test_products_of_three_features_are_left_to_the_public_engine():
    assert recognise(pauli_feature_map(4, reps=2, paulis=["Z", "ZZ", "ZZZ"])) is None


def test_the_square_of_a_feature_is_a_quadratic_form():
    circuit = QuantumCircuit(2, global_phase=0.5 * Parameter("a"))
    circuit.h([0, 1])
    feature = Parameter("b")
    circuit.p(feature * feature * 3 - 1, 0)
    circuit.h(0)
    values = _values(circuit)
    layered = recognise(circuit)
    assert layered is not None
    np.testing.assert_allclose(layered.states(values), _public(circuit, values), atol=TOLERANCE)


def test_more_rows_than_a_chunk_come_in_their_order():
    circuit = feature_map("zz", 3, 2, "full")
    layered = recognise(circuit)
    values = np.random.default_rng(4).uniform(0, 6, (3000, 3))
    every = layered.states(values)
    np.testing.assert_allclose(every[[0, 1500, 2999]], _public(circuit, values[[0, 1500, 2999]]))
    np.testing.assert_allclose(np.linalg.norm(every, axis=1), 1.0)
    assert layered.states(values[:0]).shape == (0, 8)


def test_named_parameters_may_come_in_another_order():
    circuit = feature_map("iqp", 3, 1, "full")
    values = _values(circuit)
    layered = recognise(circuit, ["x[2]", "x[0]", "x[1]"])
    np.testing.assert_allclose(
        layered.states(values[:, [2, 0, 1]]), _public(circuit, values), atol=TOLERANCE
    )


def _with(change):
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])
    change(circuit)
    return circuit


A, B = Parameter("a"), Parameter("b")


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.ry(A, 0),
        lambda c: c.rz(A.sin(), 0),
        lambda c: c.rz(A * A * B, 0),
        lambda c: c.rz(A / B, 0),
        lambda c: c.rz(A.sign(), 0),
        lambda c: c.rz(A.abs(), 0),
        lambda c: c.cx(0, 1),
        lambda c: (c.cx(0, 1), c.h(0), c.cx(0, 1)),
        lambda c: c.append(Gate("h", 1, []), [0]),
        lambda c: c.append(CZGate(ctrl_state=0), [0, 1]),
        lambda c: c.reset(0),
        lambda c: c.measure_all(),
        lambda c: c.swap(0, 1),
    ],
    ids=[
        "ry", "sine", "cubic", "quotient", "sign", "abs", "permutation", "entangled hadamard",
        "gate of the same name", "open control", "reset", "measurement", "swap",
    ],
)  # fmt: skip
def test_any_other_circuit_is_left_to_the_public_engine(change):
    assert recognise(_with(change)) is None


def test_a_qubit_without_a_hadamard_is_left_to_the_public_engine():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.rz(A, 0)
    assert recognise(circuit) is None
