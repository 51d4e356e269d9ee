"""The ideal simulator: exact weights, overlaps, methods, classical control."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import zz_feature_map
from qiskit.quantum_info import Statevector
from scipy.stats import chisquare

from resources.backends.aer_simulation import ROWS_PER_RUN, pair_blocks
from resources.backends.contract import BackendError

VALUES = np.random.default_rng(5).uniform(0, 2 * np.pi, (6, 3))
PAIRS = [[0, 0], [0, 1], [4, 2], [5, 5]]


def _rotated(num_qubits, seed=0):
    """A random product of rotations and entangling gates, bound, without measurement."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits)
    for _ in range(2):
        for qubit in range(num_qubits):
            circuit.ry(rng.uniform(0, 3), qubit)
            circuit.rz(rng.uniform(0, 3), qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    return circuit


def _overlaps_pub(ideal, **fields):
    circuit = zz_feature_map(3, reps=2, entanglement="full")
    return ideal.pub(circuit, values=VALUES, pairs=PAIRS, operation="overlaps", **fields)


def _expected_overlaps():
    circuit = zz_feature_map(3, reps=2, entanglement="full")
    states = [Statevector(circuit.assign_parameters(row)) for row in VALUES]
    return np.array([abs(states[left].inner(states[right])) ** 2 for left, right in PAIRS])


def _weights(result, execution=0):
    rows = result.outcomes.filter(result.outcomes["execution"] == execution)
    return dict(zip(rows["bitstring"], rows["weight"], strict=True))


def test_exact_weights_are_the_squared_amplitudes_of_the_measured_qubits(ideal):
    state = _rotated(4)
    measured = QuantumCircuit(
        QuantumRegister(4), ClassicalRegister(1, "a"), ClassicalRegister(2, "b")
    )
    measured.compose(state, inplace=True)
    measured.measure([3, 0], [2, 0])  # qubit 3 into b[1], qubit 0 into a[0]; b[0] stays 0
    result = ideal.run(ideal.pub(measured, shots=0), method="exact")
    expected = Statevector(state).probabilities([0, 3])
    weights = _weights(result)
    assert set(weights) == {"00 0", "00 1", "10 0", "10 1"}
    found = [weights[key] for key in ("00 0", "00 1", "10 0", "10 1")]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert result.outcomes["count"].null_count() == 4
    assert (result.pubs[0].method, result.pubs[0].shots_returned) == ("exact", 0)


def test_exact_weights_of_every_row_sum_to_one(ideal):
    circuit = zz_feature_map(3, reps=1).measure_all(inplace=False)
    result = ideal.run(ideal.pub(circuit, shots=0, values=VALUES), method="exact")
    sums = [sum(_weights(result, row).values()) for row in range(len(VALUES))]
    np.testing.assert_allclose(sums, 1.0, atol=1e-12)


def test_sampled_counts_follow_the_exact_weights(ideal):
    """Chi-squared at 0.1%: one false alarm in a thousand seeds, and the seed is fixed."""
    circuit = _rotated(3).measure_all(inplace=False)
    exact = _weights(ideal.run(ideal.pub(circuit, shots=0), key="exact", method="exact"))
    counts = ideal.counts(ideal.run(ideal.pub(circuit, shots=20_000), key="sampled"))
    expected = [weight * 20_000 for weight in exact.values()]
    found = [counts.get(key, 0) for key in exact]
    assert chisquare(found, expected, sum_check=False).pvalue > 0.001


def test_exact_weights_are_refused_where_measurement_is_not_the_end(ideal):
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.h(0)
    circuit.measure(0, 1)
    receipt = ideal.backend.submit(ideal.request(ideal.pub(circuit), method="exact"), "key")
    ideal.wait(receipt, "failed")
    with pytest.raises(BackendError, match="ask for method sampled") as refused:
        ideal.backend.result(receipt)
    assert refused.value.error_class == "structural"


def test_exact_overlaps_are_the_squared_inner_products(ideal):
    result = ideal.run(_overlaps_pub(ideal, shots=0), method="exact")
    assert result.outcomes["bitstring"].to_list() == ["000", "rest"] * len(PAIRS)
    weights = result.outcomes["weight"].to_numpy().reshape(-1, 2)
    np.testing.assert_allclose(weights[:, 0], _expected_overlaps(), atol=1e-12)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)


def test_binomial_overlaps_are_counts_around_the_exact_ones(ideal):
    """Six standard deviations per entry: a false alarm in 10^8."""
    result = ideal.run(_overlaps_pub(ideal, shots=10_000), method="binomial")
    counts = result.outcomes["count"].to_numpy().reshape(-1, 2)
    expected = _expected_overlaps()
    deviation = np.sqrt(expected * (1 - expected) * 10_000)
    assert (abs(counts[:, 0] - expected * 10_000) <= 6 * deviation + 1e-6).all()
    assert (counts.sum(axis=1) == 10_000).all()
    assert result.pubs[0].method == "binomial"


def test_sampled_pair_circuits_agree_with_exact_overlaps(ideal):
    """Six standard deviations per entry."""
    left, right = ParameterVector("left", 3), ParameterVector("right", 3)
    feature_map = zz_feature_map(3, reps=2, entanglement="full")
    circuit = QuantumCircuit(3)
    circuit.compose(feature_map.assign_parameters(left), inplace=True)
    circuit.compose(feature_map.assign_parameters(right).inverse(), inplace=True)
    circuit.measure_all()
    result = ideal.run(ideal.pub(circuit, shots=4000, values=VALUES, pairs=PAIRS))
    found = result.outcomes["count"].to_numpy()[::2] / 4000
    expected = _expected_overlaps()
    band = 6 * np.sqrt(expected * (1 - expected) / 4000)
    assert (abs(found - expected) <= band + 1e-12).all()


@pytest.mark.parametrize(
    ("operation", "method", "paired"),
    [
        ("sample", "binomial", True),
        ("sample", "exact", True),
        ("overlaps", "sampled", True),
        ("overlaps", "exact", False),
    ],
)
def test_operations_that_no_method_serves_are_refused(ideal, operation, method, paired):
    circuit = zz_feature_map(3, reps=1)
    if operation == "sample":
        circuit.measure_all()
    pub = ideal.pub(circuit, values=VALUES, pairs=PAIRS if paired else None, operation=operation)
    with pytest.raises(BackendError) as refused:
        ideal.backend.submit(ideal.request(pub, method=method), "key")
    assert refused.value.error_class == "structural"


def test_pairs_that_are_no_rows_fail_with_a_diagnosis(ideal):
    circuit = zz_feature_map(3, reps=1)
    pub = ideal.pub(circuit, values=VALUES, pairs=[[0, 6]], operation="overlaps")
    receipt = ideal.backend.submit(ideal.request(pub, method="exact"), "key")
    ideal.wait(receipt, "failed")
    with pytest.raises(BackendError, match="values from 0 to 5"):
        ideal.backend.result(receipt)


def test_a_clifford_circuit_of_100_qubits_runs_on_the_stabilizer(ideal):
    circuit = QuantumCircuit(100)
    circuit.h(0)
    for qubit in range(99):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    result = ideal.run(ideal.pub(ideal.isa(circuit, level=0), compiled=True, shots=500))
    assert set(ideal.counts(result)) == {"0" * 100, "1" * 100}
    assert result.pubs[0].simulation_method == "stabilizer"


def test_a_wide_circuit_runs_as_matrix_product_state_and_says_what_it_truncates(ideal):
    circuit = QuantumCircuit(40)
    for qubit in range(40):
        circuit.ry(np.pi if qubit == 3 else 1e-3, qubit)
    for qubit in range(39):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    result = ideal.run(ideal.pub(circuit, shots=50))
    assert result.pubs[0].simulation_method == "matrix_product_state"
    assert any("Schmidt coefficients" in note for note in result.pubs[0].notes)
    expected = "1" * 37 + "000"
    assert ideal.counts(result)[expected] > 45


def test_a_circuit_of_20_qubits_runs_as_statevector(ideal):
    circuit = QuantumCircuit(20)
    circuit.ry(np.pi, 19)
    circuit.rx(0.1, 0)
    circuit.measure_all()
    result = ideal.run(ideal.pub(circuit, shots=100))
    assert result.pubs[0].simulation_method == "statevector"
    assert ideal.counts(result)["1" + "0" * 19] > 80


def test_reset_while_loop_for_loop_and_switch_run(ideal):
    circuit = QuantumCircuit(
        QuantumRegister(3), ClassicalRegister(1, "m"), ClassicalRegister(3, "out")
    )
    m = circuit.cregs[0]
    circuit.x(0)
    circuit.reset(0)  # 0
    with circuit.for_loop(range(3)):
        circuit.x(1)  # 1
    circuit.h(2)
    circuit.measure(2, m[0])
    with circuit.while_loop((m, 0)):
        circuit.h(2)
        circuit.measure(2, m[0])  # until 1
    with circuit.switch(m) as case:
        with case(0):
            circuit.x(0)
        with case(1):
            circuit.x(2)  # 0
    circuit.measure([0, 1, 2], circuit.cregs[1])
    result = ideal.run(ideal.pub(circuit, shots=60))
    assert ideal.counts(result) == {"010 1": 60}


def test_pairs_are_bound_in_blocks_of_bounded_size():
    values = np.arange(6.0).reshape(3, 2)
    pairs = np.array([[0, 2]] * (2 * ROWS_PER_RUN + 1))
    blocks = list(pair_blocks(values, pairs))
    assert [len(block) for block in blocks] == [ROWS_PER_RUN, ROWS_PER_RUN, 1]
    assert blocks[2].tolist() == [[0, 1, 4, 5]]


def test_the_ideal_calibration_is_a_constant(ideal):
    assert ideal.backend.calibration().calibration_id == "ideal"
    assert ideal.backend.limits().offers_overlaps


def test_overlaps_are_estimated_by_states_and_products_not_by_pair_circuits(ideal):
    request = ideal.request(_overlaps_pub(ideal, shots=0), method="exact")
    many = request.pubs[0].model_copy(update={"num_pairs": 100_000, "rows": 569})
    pairs_as_circuits = many.model_copy(update={"operation": "sample", "shots": 1})
    overlaps = ideal.backend.estimate(request.model_copy(update={"pubs": (many,)})).seconds
    circuits = ideal.backend.estimate(request.model_copy(update={"pubs": (pairs_as_circuits,)}))
    assert 0 < overlaps < 5
    assert circuits.seconds > 50 * overlaps
