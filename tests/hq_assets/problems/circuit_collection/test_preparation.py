"""The stated rules: limits, registers, measurements."""

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Clbit, Parameter, Qubit

from hq_assets.problems.circuit_collection.preparation import prepare
from hq_assets.problems.circuit_collection.refusal import UnsupportedError
from hq_assets.problems.circuit_collection.settings import Settings


def bits(circuit):
    return [circuit.find_bit(bit).index for register in circuit.cregs for bit in register]


def test_a_circuit_without_measurement_is_measured_and_says_so():
    circuit = QuantumCircuit(
        QuantumRegister(2, "q"), ClassicalRegister(2, "idle"), global_phase=0.5
    )
    circuit.ry(Parameter("t"), 0)
    prepared = prepare(circuit, "x.qasm", Settings())
    assert [(reg.name, reg.size) for reg in prepared.circuit.cregs] == [("meas", 2)]
    assert prepared.circuit.count_ops()["measure"] == 2
    assert prepared.circuit.global_phase == 0.5
    assert [parameter.name for parameter in prepared.circuit.parameters] == ["t"]
    assert "final measurement of all qubits" in prepared.notes[0]
    assert "measure" not in circuit.count_ops()


def test_the_added_register_avoids_names_that_are_taken():
    circuit = QuantumCircuit(QuantumRegister(1, "meas"))
    assert prepare(circuit, "x", Settings()).circuit.cregs[0].name == "meas_0"


def test_a_circuit_without_measurement_is_refused_where_the_rule_says_so():
    with pytest.raises(UnsupportedError, match="measures nothing"):
        prepare(QuantumCircuit(1), "x", Settings(without_measurement="refuse"))


def test_a_measurement_inside_a_block_is_a_measurement():
    circuit = QuantumCircuit(1, 2)
    with circuit.if_test((circuit.clbits[0], 0)):
        circuit.measure(0, 1)
    assert prepare(circuit, "x", Settings()).circuit.count_ops() == {"if_else": 1}


def test_loose_bits_are_gathered_so_that_no_result_is_lost():
    circuit = QuantumCircuit([Qubit(), Qubit()], [Clbit()], ClassicalRegister(1, "c"))
    circuit.measure([0, 1], [0, 1])
    prepared = prepare(circuit, "x", Settings())
    assert sorted(bits(prepared.circuit)) == [0, 1]
    assert [reg.name for reg in prepared.circuit.cregs] == ["c", "loose"]
    assert "loose" in prepared.notes[0]


def test_registers_that_share_bits_are_refused():
    first = ClassicalRegister(2, "first")
    circuit = QuantumCircuit(
        QuantumRegister(2), first, ClassicalRegister(bits=[first[0]], name="alias")
    )
    with pytest.raises(UnsupportedError, match="share bits"):
        prepare(circuit, "x", Settings())


@pytest.mark.parametrize(
    ("circuit", "words"),
    [
        (QuantumCircuit(0), "no qubits"),
        (QuantumCircuit(200), "200 qubits and the limit is 128"),
        (QuantumCircuit(1, 5000), "5,000 classical bits"),
    ],
)
def test_impossible_shapes_are_refused(circuit, words):
    with pytest.raises(UnsupportedError, match=words):
        prepare(circuit, "x", Settings())


@pytest.mark.parametrize("body", ["reset q;", "c = measure q; x q;", "if (c == 0) { x q; }"])
def test_work_after_a_measurement_is_refused_where_the_rule_says_so(body):
    circuit = qasm3.loads(
        'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; bit[1] c; c = measure q; ' + body
    )
    assert prepare(circuit, "x", Settings()).circuit.num_qubits == 1
    with pytest.raises(UnsupportedError, match="mid_circuit"):
        prepare(circuit, "x", Settings(mid_circuit="refuse"))


def test_the_name_is_the_circuits_id_and_the_given_circuit_stays_as_it_was():
    circuit = QuantumCircuit(1, 1, name="before", metadata={"secret": 1})
    circuit.measure(0, 0)
    prepared = prepare(circuit, "file.qasm", Settings()).circuit
    assert (prepared.name, prepared.metadata) == ("file.qasm", {})
    assert (circuit.name, circuit.metadata) == ("before", {"secret": 1})
