"""Exact kernels against the engines that people would use instead (P1, P2)."""

import numpy as np
import pytest
from qiskit.circuit.library import zz_feature_map
from scipy.linalg.blas import zherk

from hq_assets.quantum.overlaps import kernel_matrix
from hq_assets.quantum.statevectors import StatePreparation

pytestmark = pytest.mark.benchmark

ROWS = 200


@pytest.fixture
def rows_of():
    return lambda num_qubits: np.random.default_rng(7).uniform(0, 2 * np.pi, (ROWS, num_qubits))


def _exact_kernel(prepared, values):
    return kernel_matrix(prepared.states(values))


def test_the_exact_kernel_is_300_times_faster_than_the_statevector_kernel(measure, rows_of):
    kernels = pytest.importorskip("qiskit_machine_learning.kernels")
    circuit, values = zz_feature_map(8, reps=2, entanglement="full"), rows_of(8)
    prepared = StatePreparation(circuit)
    peer = kernels.FidelityStatevectorKernel(feature_map=circuit)
    np.testing.assert_allclose(
        _exact_kernel(prepared, values[:20]), peer.evaluate(values[:20]), atol=1e-10
    )
    taken = measure.seconds(
        {"ours": lambda: _exact_kernel(prepared, values), "peer": lambda: peer.evaluate(values)},
        {"ours": 21, "peer": 5},
    )
    name = "exact kernel, 8 qubits, 200 rows, against FidelityStatevectorKernel"
    ratio = measure.record("P1", name, (">=", 300), taken["ours"], taken["peer"])
    assert ratio >= 300


def test_the_exact_kernel_is_30_times_faster_than_batched_aer_states(measure, rows_of):
    from qiskit_aer import AerSimulator

    circuit, values = zz_feature_map(8, reps=2, entanglement="full"), rows_of(8)
    prepared = StatePreparation(circuit)
    simulator = AerSimulator(method="statevector", max_parallel_threads=1)
    saving = circuit.copy()
    saving.save_statevector()

    def aer_kernel():
        binds = {parameter: values[:, i] for i, parameter in enumerate(saving.parameters)}
        result = simulator.run([saving], parameter_binds=[binds], shots=1).result()
        return kernel_matrix(
            np.array([np.asarray(result.data(row)["statevector"]) for row in range(ROWS)])
        )

    np.testing.assert_allclose(_exact_kernel(prepared, values), aer_kernel(), atol=1e-10)
    taken = measure.seconds(
        {"ours": lambda: _exact_kernel(prepared, values), "peer": aer_kernel},
        {"ours": 21, "peer": 9},
    )
    name = "exact kernel, 8 qubits, 200 rows, against batched Aer states and the same product"
    ratio = measure.record("P1", name, (">=", 30), taken["ours"], taken["peer"])
    assert ratio >= 30


def _qulacs_map(num_qubits, reps):
    """The ZZ feature map as a parametric qulacs circuit, and its parameters for one row."""
    qulacs = pytest.importorskip("qulacs")
    circuit = qulacs.ParametricQuantumCircuit(num_qubits)
    terms = [(i,) for i in range(num_qubits)]
    terms += [(i, j) for i in range(num_qubits) for j in range(i + 1, num_qubits)]
    for _ in range(reps):
        for qubit in range(num_qubits):
            circuit.add_H_gate(qubit)
        for term in terms:
            # exp(i angle / 2 Z) up to a global phase; one diagonal gate per term, no CNOTs.
            circuit.add_parametric_multi_Pauli_rotation_gate(list(term), [3] * len(term), 0.0)

    def angles(row):
        single = [-2 * row[i] for (i,) in terms[:num_qubits]]
        double = [-2 * (np.pi - row[i]) * (np.pi - row[j]) for i, j in terms[num_qubits:]]
        return (single + double) * reps

    return circuit, angles


def test_the_exact_kernel_is_5_times_faster_than_qulacs(measure, rows_of):
    qulacs = pytest.importorskip("qulacs")
    circuit, values = zz_feature_map(8, reps=2, entanglement="full"), rows_of(8)
    prepared = StatePreparation(circuit)
    parametric, angles = _qulacs_map(8, 2)

    def qulacs_kernel():
        vectors = np.empty((ROWS, 256), dtype=np.complex128)
        state = qulacs.QuantumState(8)
        for number, row in enumerate(values):
            state.set_zero_state()
            for index, angle in enumerate(angles(row)):
                parametric.set_parameter(index, angle)
            parametric.update_quantum_state(state)
            vectors[number] = state.get_vector()
        return kernel_matrix(vectors)

    np.testing.assert_allclose(_exact_kernel(prepared, values), qulacs_kernel(), atol=1e-10)
    taken = measure.seconds(
        {"ours": lambda: _exact_kernel(prepared, values), "peer": qulacs_kernel},
        {"ours": 21, "peer": 21},
    )
    name = "exact kernel, 8 qubits, 200 rows, against qulacs states and the same product"
    ratio = measure.record("P1", name, (">=", 5), taken["ours"], taken["peer"])
    assert ratio >= 5


def test_the_exact_kernel_of_12_qubits_costs_at_most_2_5_times_its_matrix_product(measure, rows_of):
    prepared = StatePreparation(zz_feature_map(12, reps=2, entanglement="full"))
    values = rows_of(12)
    vectors = prepared.states(values)
    taken = measure.seconds(
        {
            "ours": lambda: _exact_kernel(prepared, values),
            "peer": lambda: zherk(1.0, vectors.T, trans=2),
        },
        15,
    )
    name = "exact kernel, 12 qubits, 200 rows, against the bare zherk"
    ratio = measure.record("P2", name, ("<=", 2.5), taken["ours"], taken["peer"])
    assert ratio <= 2.5
