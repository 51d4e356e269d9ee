"""Facts of real circuits and targets, read once."""

import json

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.transpiler import CouplingMap, Target

from resources.control.circuit_facts import circuit_facts, coupling_kind, target_facts


def target_of(num_qubits, edges=None, gates=("rz", "sx", "cz", "measure")):
    coupling = None if edges is None else CouplingMap(edges)
    return target_facts(
        Target.from_configuration(list(gates), num_qubits=num_qubits, coupling_map=coupling)
    )


def test_a_circuits_width_counts_only_the_qubits_it_uses():
    circuit = QuantumCircuit(20, 2)
    circuit.sx(3)
    circuit.cz(3, 4)
    circuit.barrier()
    circuit.measure([3, 4], [0, 1])
    facts = circuit_facts(circuit)
    assert facts["active_qubits"] == [3, 4]
    assert facts["num_qubits"] == 20
    assert facts["registers"] == {"c": 2}
    assert facts["two_qubit_gates"] == 1
    assert facts["placements"] == [
        ["barrier", list(range(20))],
        ["cz", [3, 4]],
        ["measure", [3]],
        ["measure", [4]],
        ["sx", [3]],
    ]
    assert json.loads(json.dumps(facts)) == facts


def test_operations_inside_control_flow_are_read_with_the_outer_qubits():
    qubits, bits = QuantumRegister(5, "q"), ClassicalRegister(1, "flag")
    circuit = QuantumCircuit(qubits, bits)
    circuit.measure(4, 0)
    with circuit.if_test((bits, 1)):
        circuit.cz(4, 2)
    facts = circuit_facts(circuit)
    assert ["cz", [4, 2]] in facts["placements"] or ["cz", [2, 4]] in facts["placements"]
    assert facts["control_flow"]
    assert facts["mid_circuit_measurement"]


def test_measurements_at_the_end_are_not_mid_circuit():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.measure_all()
    facts = circuit_facts(circuit)
    assert (facts["measured"], facts["mid_circuit_measurement"]) == (True, False)
    again = circuit.copy()
    again.measure(0, 0)
    assert circuit_facts(again)["mid_circuit_measurement"]
    circuit.reset(0)
    assert circuit_facts(circuit)["mid_circuit_measurement"]


def test_a_target_is_read_with_directed_placements_and_undirected_edges():
    facts = target_of(3, [(0, 1), (2, 1)])
    assert facts.num_qubits == 3
    assert facts.edges == {(0, 1), (1, 2)}
    assert facts.allows(("cz", (0, 1)))
    assert not facts.allows(("cz", (1, 0)))
    assert not facts.allows(("cz", (0, 2)))


@pytest.mark.parametrize(
    ("num_qubits", "edges", "kind"),
    [
        (3, None, "all_to_all"),
        (3, [(0, 1), (1, 2), (0, 2)], "all_to_all"),
        (4, [(0, 1), (1, 2), (2, 3)], "connected"),
        (4, [(0, 1), (2, 3)], "disconnected"),
    ],
)
def test_the_kind_of_a_coupling_follows_its_edges(num_qubits, edges, kind):
    assert coupling_kind(target_of(num_qubits, edges)) == kind
