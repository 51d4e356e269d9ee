import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import StatePreparation, efficient_su2
from qiskit.quantum_info import Statevector

from hq_assets.quantum import statevectors
from hq_assets.quantum.statevectors import AerStates


def _names(circuit):
    return [parameter.name for parameter in circuit.parameters]


def test_a_circuit_without_a_closed_form_gives_the_states_of_the_statevector_class():
    circuit = efficient_su2(4, reps=1)
    values = np.random.default_rng(3).uniform(-3, 3, (6, len(circuit.parameters)))
    expected = [Statevector(circuit.assign_parameters(row)).data for row in values]
    result = AerStates(circuit, _names(circuit)).states(values)
    np.testing.assert_allclose(result, expected, atol=1e-10)


def test_batches_join_in_the_order_of_the_rows(monkeypatch):
    monkeypatch.setattr(statevectors, "_BATCH_BYTES", 16 * 4 * 2)
    circuit = efficient_su2(2, reps=1)
    values = np.random.default_rng(3).uniform(-3, 3, (5, len(circuit.parameters)))
    expected = [Statevector(circuit.assign_parameters(row)).data for row in values]
    result = AerStates(circuit, _names(circuit)).states(values)
    np.testing.assert_allclose(result, expected, atol=1e-10)


def test_gates_that_the_simulator_lacks_are_taken_apart():
    circuit = QuantumCircuit(2)
    circuit.append(StatePreparation([0.5, 0.5j, -0.5, 0.5]), [0, 1])
    circuit.ry(ParameterVector("x", 1)[0], 0)
    expected = Statevector(circuit.assign_parameters([0.4])).data
    result = AerStates(circuit, ["x[0]"]).states(np.array([[0.4]]))
    np.testing.assert_allclose(result, [expected], atol=1e-10)


def test_a_circuit_that_resets_is_refused():
    circuit = QuantumCircuit(1)
    circuit.reset(0)
    with pytest.raises(ValueError, match="reset, but a state needs unitary gates only"):
        AerStates(circuit, [])
