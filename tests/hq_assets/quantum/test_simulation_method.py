import math

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_aer import AerSimulator

from hq_assets.quantum.simulation_method import (
    CircuitFacts,
    choose_method,
    circuit_facts,
    has_mid_circuit,
    is_clifford,
)


@pytest.mark.parametrize(
    ("num_qubits", "clifford", "noise", "mid_circuit", "method"),
    [
        (100, True, False, False, "stabilizer"),
        (5, True, False, True, "stabilizer"),
        (28, False, False, False, "statevector"),
        (28, False, False, True, "statevector"),
        (29, False, False, False, "matrix_product_state"),
        (10, False, True, False, "density_matrix"),
        (10, True, True, False, "density_matrix"),
        (10, False, True, True, "statevector"),
        (11, False, True, False, "statevector"),
        (28, True, True, False, "statevector"),
        (29, True, True, False, "matrix_product_state"),
    ],
)
def test_the_method_follows_the_rule(num_qubits, clifford, noise, mid_circuit, method):
    choice = choose_method(CircuitFacts(num_qubits, clifford, noise, mid_circuit))
    assert choice.method == method
    assert str(num_qubits) in choice.reason
    assert choice.approximate == (method == "matrix_product_state")


def test_extended_stabilizer_is_never_chosen():
    facts = [
        CircuitFacts(n, c, noise, mid)
        for n in range(1, 130)
        for c in (True, False)
        for noise in (True, False)
        for mid in (True, False)
    ]
    assert "extended_stabilizer" not in {choose_method(fact).method for fact in facts}


@pytest.mark.parametrize(
    ("angle", "clifford"),
    [(math.pi / 2, True), (-3 * math.pi, True), (0.1, False), (Parameter("a"), False)],
)
def test_rotations_are_clifford_only_at_quarter_turns(angle, clifford):
    circuit = QuantumCircuit(1)
    circuit.rz(angle, 0)
    assert is_clifford(circuit) is clifford


def test_a_gate_inside_a_condition_counts():
    circuit = QuantumCircuit(2, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.t(1)
    assert not is_clifford(circuit)
    assert has_mid_circuit(circuit)


def test_only_what_follows_a_measurement_is_mid_circuit():
    final = QuantumCircuit(2, 2)
    final.h(0)
    final.measure(0, 0)
    final.barrier()
    final.h(1)
    final.measure(1, 1)
    assert not has_mid_circuit(final)
    final.x(0)
    assert has_mid_circuit(final)


def test_idle_qubits_do_not_count():
    circuit = QuantumCircuit(133)
    circuit.t(7)
    assert circuit_facts(circuit, has_noise=True) == CircuitFacts(1, False, True, False)


def test_the_stabilizer_method_runs_every_gate_that_counts_as_clifford():
    circuit = QuantumCircuit(3, 3)
    for name in ("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg"):
        getattr(circuit, name)(0)
    for name in ("cx", "cy", "cz", "swap", "ecr"):
        getattr(circuit, name)(0, 1)
    circuit.rz(math.pi / 2, 2)
    circuit.pauli("XYZ", [0, 1, 2])
    circuit.reset(2)
    circuit.measure(range(3), range(3))
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    facts = circuit_facts(circuit)
    assert facts.is_clifford
    result = AerSimulator(method=choose_method(facts).method).run(circuit, shots=10).result()
    assert result.success
    assert result.results[0].metadata["method"] == "stabilizer"
