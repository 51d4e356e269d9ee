"""Ideal distributions against Qiskit's own, and stabilizers against state vectors."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.random import random_clifford_circuit
from qiskit.quantum_info import Statevector

from hq_assets.problems.circuit_collection.ideal import (
    STABILIZER,
    STATEVECTOR,
    ideal_distribution,
    row_basis,
    solve_parities,
)
from hq_assets.problems.circuit_collection.refusal import NotApplicableError
from hq_assets.problems.circuit_collection.settings import Settings


def as_dict(ideal):
    return dict(zip(ideal.labels, ideal.probabilities.tolist(), strict=True))


def test_a_measured_state_has_the_probabilities_of_its_state_vector():
    circuit = QuantumCircuit(3)
    circuit.ry(0.4, 0)
    circuit.cx(0, 2)
    circuit.rx(1.1, 1)
    expected = Statevector(circuit).probabilities_dict()
    circuit.measure_all()
    found = ideal_distribution(circuit, Settings())
    assert found.method == STATEVECTOR
    assert as_dict(found) == pytest.approx(expected)


def test_registers_measured_out_of_order_are_labelled_as_counts_are():
    qubits, first, second = (
        QuantumRegister(2),
        ClassicalRegister(1, "first"),
        ClassicalRegister(3, "second"),
    )
    circuit = QuantumCircuit(qubits, first, second)
    circuit.x(1)
    circuit.measure(1, second[2])
    circuit.measure(0, first[0])
    assert as_dict(ideal_distribution(circuit, Settings())) == {"100 0": pytest.approx(1.0)}


def test_the_last_measurement_into_a_bit_counts():
    circuit = QuantumCircuit(2, 1)
    circuit.x(1)
    circuit.measure([0, 1], [0, 0])
    assert as_dict(ideal_distribution(circuit, Settings())) == {"1": pytest.approx(1.0)}


@pytest.mark.parametrize("seed", range(12))
def test_stabilizers_agree_with_state_vectors_on_random_clifford_circuits(seed):
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(6, 4)
    circuit.compose(random_clifford_circuit(6, 40, seed=seed), inplace=True)
    circuit.measure(rng.permutation(6)[:4].tolist(), rng.permutation(4).tolist())
    vector = ideal_distribution(circuit, Settings())
    tableau = ideal_distribution(circuit, Settings(reference_max_qubits=0))
    assert tableau.method == STABILIZER
    assert as_dict(tableau) == pytest.approx(as_dict(vector))


def test_a_hundred_qubits_in_a_ghz_state_have_two_outcomes():
    circuit = QuantumCircuit(100)
    circuit.h(0)
    for qubit in range(99):
        circuit.cx(qubit, qubit + 1)
    circuit.x(7)
    circuit.measure_all()
    found = as_dict(ideal_distribution(circuit, Settings()))
    flipped = "0" * 92 + "1" + "0" * 7
    assert found == {flipped: 0.5, flipped.translate(str.maketrans("01", "10")): 0.5}


def test_references_that_would_be_too_large_are_not_applicable():
    uniform = QuantumCircuit(30)
    uniform.h(range(30))
    uniform.measure_all()
    with pytest.raises(NotApplicableError, match=r"2\^30 outcomes"):
        ideal_distribution(uniform, Settings())
    twisted = QuantumCircuit(30)
    twisted.t(0)
    twisted.measure_all()
    with pytest.raises(NotApplicableError, match="not Clifford"):
        ideal_distribution(twisted, Settings())


def test_measurements_in_the_middle_have_no_reference():
    circuit = QuantumCircuit(1, 2)
    circuit.measure(0, 0)
    circuit.h(0)
    circuit.measure(0, 1)
    with pytest.raises(NotApplicableError, match="before the end"):
        ideal_distribution(circuit, Settings())


def test_elimination_solves_what_it_is_given():
    rng = np.random.default_rng(3)
    for _ in range(20):
        matrix = rng.integers(0, 2, size=(5, 9)).astype(np.uint8)
        wanted = rng.integers(0, 2, size=9).astype(np.uint8)
        parities = (matrix @ wanted.astype(np.int64)) % 2
        assert np.array_equal(
            (matrix @ solve_parities(matrix, parities).astype(np.int64)) % 2, parities
        )
        assert len(row_basis(matrix)) == len(row_basis(matrix[::-1].copy()))
