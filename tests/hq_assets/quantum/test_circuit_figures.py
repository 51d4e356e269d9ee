from qiskit import QuantumCircuit

from hq_assets.quantum.circuit_figures import circuit_figures, operations_used


def _conditional():
    circuit = QuantumCircuit(4, 1)
    circuit.h(1)
    circuit.cx(1, 3)
    circuit.barrier()
    circuit.measure(1, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.cz(3, 1)
        circuit.ccx(0, 1, 3)
    return circuit


def test_figures_count_the_blocks_of_control_flow_and_no_barriers():
    figures = circuit_figures(_conditional())
    assert figures.num_qubits == 3
    assert figures.two_qubit_gates == 2
    assert figures.wider_gates == 1
    assert figures.size == 6
    assert figures.depth == 4


def test_operations_name_the_qubits_outside_their_block():
    used = operations_used(_conditional())
    assert ("cz", (3, 1)) in used
    assert ("h", (1,)) in used
    assert ("ccx", (0, 1, 3)) in used
    assert not any(name == "barrier" for name, _ in used)
    assert list(used) == sorted(set(used))
