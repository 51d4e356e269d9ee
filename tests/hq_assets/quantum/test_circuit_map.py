import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from hq_assets.quantum.circuit_map import (
    CONTROL,
    IDLE,
    ONE_QUBIT,
    READOUT,
    SEVERAL_QUBITS,
    circuit_map,
)


def test_a_bell_circuit_reads_gate_by_gate():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    expected = [[ONE_QUBIT, SEVERAL_QUBITS, READOUT], [IDLE, SEVERAL_QUBITS, READOUT]]
    assert circuit_map(circuit).tolist() == expected


@pytest.mark.parametrize("seed", range(5))
def test_the_layers_are_the_depth_and_the_cells_are_the_operands(seed):
    from qiskit.circuit.random import random_circuit

    circuit = random_circuit(5, 8, max_operands=3, measure=True, seed=seed)
    cells = circuit_map(circuit)
    assert cells.shape[1] == circuit.depth()
    assert np.count_nonzero(cells) == sum(len(entry.qubits) for entry in circuit.data)


def test_idle_qubits_and_barriers_take_no_place():
    circuit = QuantumCircuit(4)
    circuit.h(1)
    circuit.barrier()
    circuit.x(3)
    assert circuit_map(circuit).tolist() == [[ONE_QUBIT], [ONE_QUBIT]]


def test_a_measured_bit_delays_the_control_flow_that_reads_it():
    qubits, bits = QuantumRegister(2), ClassicalRegister(1)
    circuit = QuantumCircuit(qubits, bits)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((bits, 1)):
        circuit.x(1)
    assert circuit_map(circuit).tolist() == [[ONE_QUBIT, READOUT, IDLE], [IDLE, IDLE, CONTROL]]


def test_an_empty_circuit_has_no_cell():
    assert circuit_map(QuantumCircuit(3)).size == 0
