"""Circuits that hold everything a circuit may hold, built anew at each call."""

import math

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import (
    AnnotatedOperation,
    Clbit,
    ControlModifier,
    Duration,
    Gate,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
    Qubit,
)
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import (
    Initialize,
    MCXGate,
    PauliEvolutionGate,
    PermutationGate,
    QFTGate,
    UnitaryGate,
    XGate,
    zz_feature_map,
)
from qiskit.quantum_info import Clifford, SparsePauliOp


def gates():
    circuit = QuantumCircuit(QuantumRegister(3, "work"), ClassicalRegister(2, "out"))
    circuit.global_phase = 0.25
    circuit.h(0)
    circuit.rx(0.1, 1)
    circuit.ccx(0, 1, 2)
    circuit.ch(0, 1, ctrl_state=0)
    circuit.append(XGate(label="marked"), [1])
    circuit.barrier(0, 2)
    circuit.delay(10, 0, unit="dt")
    circuit.reset(2)
    circuit.measure([0, 1], [0, 1])
    return circuit


def library():
    circuit = QuantumCircuit(4)
    circuit.append(Initialize([1, 0, 0, 1j], normalize=True), [0, 1])
    circuit.append(UnitaryGate(np.array([[0, 1], [1, 0]])), [0])
    circuit.append(UnitaryGate(np.eye(2)).control(2), [0, 1, 2])
    circuit.append(MCXGate(3, ctrl_state=5), [0, 1, 2, 3])
    circuit.append(PermutationGate([1, 2, 0]), [0, 1, 2])
    circuit.append(QFTGate(3), [0, 1, 2])
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XX", "ZI"], [0.5, 0.25]), 0.3), [0, 1])
    circuit.append(Clifford(bell()), [1, 2])
    modifiers = [ControlModifier(1, 0), InverseModifier(), PowerModifier(2.0)]
    circuit.append(AnnotatedOperation(XGate(), modifiers), [0, 1])
    return circuit


def bell():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def custom():
    angle = Parameter("angle")
    inner = QuantumCircuit(2)
    inner.rx(2 * angle, 0)
    inner.cx(0, 1)
    outer = QuantumCircuit(2)
    outer.append(inner.to_gate(), [0, 1])
    circuit = QuantumCircuit(3)
    circuit.append(outer.to_gate(), [1, 2])
    circuit.append(bell().to_gate().control(1, ctrl_state=0), [2, 1, 0])
    circuit.append(bell().to_gate().inverse(), [0, 1])
    circuit.append(Gate("opaque", 1, [0.5, 3]), [0])
    return circuit


def expressions():
    a, b = Parameter("a"), Parameter("b")
    vector = ParameterVector("v", 12)
    circuit = QuantumCircuit(2, global_phase=a)
    circuit.rx(a, 0)
    circuit.ry(2 * (math.pi - a) * (math.pi - b), 1)
    circuit.rz(vector[10] + vector[2].sin() / 3 - a**2, 0)
    circuit.cp(1 - a + b, 0, 1)
    circuit.compose(zz_feature_map(2, 1), inplace=True)
    return circuit


def control_flow():
    circuit = QuantumCircuit(4)
    first, second = ClassicalRegister(2, "first"), ClassicalRegister(2, "second")
    circuit.add_register(first, second)
    circuit.measure([0, 1], first)
    with circuit.if_test((first, 2)) as otherwise:
        circuit.cx(3, 1)
        circuit.x(0)
    with otherwise:
        circuit.z(2)
    with circuit.while_loop((second[1], 0)):
        circuit.h(1)
        circuit.measure(1, second[1])
        with circuit.if_test((first[0], 1)):
            circuit.break_loop()
    with circuit.for_loop(range(0, 6, 2)) as step:
        circuit.rx(step * 0.5, 2)
        with circuit.for_loop((1, 3)) as inner:
            circuit.rz(step + inner, 3)
    with circuit.switch(first) as case:
        with case(0, 3):
            circuit.y(0)
        with case(case.DEFAULT):
            circuit.s(3)
    return circuit


def classical():
    circuit = QuantumCircuit(2, 2)
    limit = circuit.add_var("limit", expr.lift(5, types.Uint(8)))
    flag = circuit.add_input("flag", types.Bool())
    gap = circuit.add_stretch("gap")
    circuit.measure([0, 1], [0, 1])
    circuit.store(limit, expr.bit_and(limit, 7))
    circuit.delay(gap, 0)
    circuit.delay(expr.add(gap, Duration.ns(40.0)), 1)
    condition = expr.logic_and(flag, expr.less(limit, 6))
    with circuit.if_test(condition):
        circuit.x(0)
    with circuit.if_test(expr.logic_not(expr.equal(circuit.cregs[0], 2))):
        local = circuit.add_var("local", expr.lift(1.5))
        circuit.store(flag, expr.less(local, 2.0))
    with circuit.while_loop(expr.index(limit, 1)):
        circuit.h(1)
    with circuit.box(duration=100, unit="ns"):
        circuit.cx(0, 1)
    return circuit


def loose_bits():
    circuit = QuantumCircuit([Qubit(), Qubit()], [Clbit()])
    circuit.cx(1, 0)
    circuit.measure(1, 0)
    return circuit


GALLERY = {
    function.__name__: function
    for function in (
        gates,
        library,
        bell,
        custom,
        expressions,
        control_flow,
        classical,
        loose_bits,
    )
}
