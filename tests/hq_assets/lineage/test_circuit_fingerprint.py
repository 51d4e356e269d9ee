"""Laws of circuit and target fingerprints, and the traps that they are made for."""

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3, qpy
from qiskit.circuit import (
    ControlledGate,
    Gate,
    Instruction,
    Measure,
    Operation,
    Parameter,
    ParameterVector,
)
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import CXGate, RXGate, UnitaryGate, XGate
from qiskit.transpiler import InstructionProperties, Target

from hq_assets.lineage.circuit_fingerprint import (
    circuit_fingerprint,
    compile_key,
    target_fingerprint,
)

HERE = Path(__file__).parent
NAMES = [
    "gates",
    "library",
    "bell",
    "custom",
    "expressions",
    "control_flow",
    "classical",
    "loose_bits",
]


def through_qpy(circuit):
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    buffer.seek(0)
    return qpy.load(buffer)[0]


def one_qubit(operation, *clbits):
    circuit = QuantumCircuit(1, len(clbits))
    circuit.append(operation, [0], clbits)
    return circuit


# ------------------------------------------------------------------ what must not matter


@pytest.mark.parametrize("name", NAMES)
def test_building_the_circuit_again_keeps_the_fingerprint(gallery, name):
    assert circuit_fingerprint(gallery[name]()) == circuit_fingerprint(gallery[name]())


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_through_qpy_keeps_the_fingerprint(gallery, name):
    circuit = gallery[name]()
    assert circuit_fingerprint(through_qpy(circuit)) == circuit_fingerprint(circuit)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_keeps_the_fingerprint(gallery, name):
    circuit = gallery[name]()
    assert circuit_fingerprint(circuit.copy(name="other")) == circuit_fingerprint(circuit)


def test_the_gallery_is_told_apart_and_complete(gallery):
    assert set(gallery) == set(NAMES)
    assert len({circuit_fingerprint(build()) for build in gallery.values()}) == len(gallery)


def test_every_process_gives_the_same_fingerprints(gallery):
    """The other processes hash differently and have used up Qiskit's counters of names."""
    code = (
        "import json, runpy, sys\n"
        "from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister\n"
        "from hq_assets.lineage.circuit_fingerprint import circuit_fingerprint\n"
        "used = [(QuantumCircuit(1), QuantumRegister(1), ClassicalRegister(1))"
        " for _ in range(int(sys.argv[2]))]\n"
        "gallery = runpy.run_path(sys.argv[1])['GALLERY']\n"
        "print(json.dumps({name: circuit_fingerprint(build()) for name, build in gallery.items()}))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(HERE / "circuit_gallery.py"), used],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(HERE.parents[2])},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, used in (("1", "0"), ("2", "37"))
    ]
    answers = [json.loads(process.communicate(timeout=120)[0]) for process in running]
    here = {name: circuit_fingerprint(build()) for name, build in gallery.items()}
    assert answers == [here, here]


def test_name_metadata_and_layout_do_not_matter():
    circuit = QuantumCircuit(1, name="a", metadata={"b": 1})
    assert circuit_fingerprint(circuit) == circuit_fingerprint(QuantumCircuit(1, name="c"))


def test_automatic_names_do_not_matter():
    def build():
        inner = QuantumCircuit(QuantumRegister(2))
        inner.cx(0, 1)
        circuit = QuantumCircuit(QuantumRegister(2), QuantumRegister(2), ClassicalRegister(2, "c"))
        circuit.append(inner.to_gate(), [0, 1])
        circuit.append(inner.to_instruction(), [0, 1])
        circuit.append(inner.to_gate().control(1), [0, 1, 2])
        with circuit.for_loop(range(3)) as step:
            circuit.rx(step, 0)
        return circuit

    first, second = build(), build()
    assert first.data[0].name != second.data[0].name
    assert first.qregs[0].name != second.qregs[0].name
    assert circuit_fingerprint(first) == circuit_fingerprint(second)


def test_the_label_of_a_result_counts_unless_it_is_declared_automatic():
    first, second = (QuantumCircuit(ClassicalRegister(2, name)) for name in ("c0", "c7"))
    assert circuit_fingerprint(first) != circuit_fingerprint(second)
    assert circuit_fingerprint(first, automatic_labels=True) == circuit_fingerprint(
        second, automatic_labels=True
    )
    renamed = QuantumCircuit(ClassicalRegister(2, "answer"))
    assert circuit_fingerprint(first, automatic_labels=True) != circuit_fingerprint(
        renamed, automatic_labels=True
    )


def test_the_order_of_automatic_labels_counts():
    def build(*names):
        circuit = QuantumCircuit(1)
        circuit.add_register(*(ClassicalRegister(1, name) for name in names))
        return circuit_fingerprint(circuit, automatic_labels=True)

    assert build("c0", "c1") == build("c8", "c9") != build("c1", "c0")


def test_new_parameters_of_the_same_name_are_the_same():
    def build():
        circuit = QuantumCircuit(1, global_phase=Parameter("phase"))
        circuit.rx(Parameter("angle") + 1, 0)
        return circuit

    assert circuit_fingerprint(build()) == circuit_fingerprint(build())


def test_the_order_in_which_a_block_lists_its_bits_does_not_matter():
    def build(order):
        block = QuantumCircuit(2)
        block.cx(order[0], order[1])
        circuit = QuantumCircuit(2, 1)
        circuit.if_else((circuit.clbits[0], 1), block, None, order, [])
        return circuit

    assert circuit_fingerprint(build([0, 1])) == circuit_fingerprint(build([1, 0]))


def test_whole_numbers_and_numpy_numbers_are_numbers():
    circuits = [one_qubit(Gate("g", 1, [value])) for value in (2, 2.0, np.float64(2), np.int64(2))]
    assert len({circuit_fingerprint(circuit) for circuit in circuits}) == 1


def test_a_bound_circuit_equals_one_written_with_the_number():
    angle = Parameter("a")
    circuit = one_qubit(RXGate(2 * angle))
    expected = circuit_fingerprint(one_qubit(RXGate(2 * 0.3)))
    assert circuit_fingerprint(circuit.assign_parameters({angle: 0.3})) == expected


# ------------------------------------------------------------------ what must matter


def test_angles_that_openqasm_prints_alike_are_told_apart():
    first, second = (one_qubit(RXGate(math.pi / 2 + more)) for more in (0, 1e-9))
    assert qasm3.dumps(first) == qasm3.dumps(second)
    assert circuit_fingerprint(first) != circuit_fingerprint(second)
    neighbour = one_qubit(RXGate(math.nextafter(math.pi / 2, 4)))
    assert circuit_fingerprint(first) != circuit_fingerprint(neighbour)


def test_a_unit_that_qpy_loses_is_noticed():
    """QPY writes every delay in dt (Qiskit issue 8293)."""
    circuit = QuantumCircuit(1)
    circuit.delay(2, 0, unit="us")
    assert circuit_fingerprint(through_qpy(circuit)) != circuit_fingerprint(circuit)


def custom(first, second):
    inner = QuantumCircuit(1, name="mine")
    inner.rx(first, 0)
    outer = QuantumCircuit(1, name="outer")
    outer.append(inner.to_gate(), [0])
    outer.rz(second, 0)
    return one_qubit(outer.to_gate())


def conditional(value=1, body="x", register=0, otherwise=False):
    circuit = QuantumCircuit(1)
    registers = [ClassicalRegister(2, "a"), ClassicalRegister(2, "b")]
    circuit.add_register(*registers)
    with circuit.if_test((registers[register], value)) as other:
        getattr(circuit, body)(0)
    if otherwise:
        with other:
            circuit.z(0)
    return circuit


def loop(indexset=(0, 1), angle=1.0):
    circuit = QuantumCircuit(1)
    with circuit.for_loop(indexset) as step:
        circuit.rx(angle * step, 0)
    return circuit


def nested_loops(swapped):
    circuit = QuantumCircuit(1)
    with circuit.for_loop((1, 2)) as outer, circuit.for_loop((1, 2)) as inner:
        circuit.rx(inner, 0)
        circuit.rz(outer, 0)
        if swapped:
            circuit.rx(outer, 0)
        else:
            circuit.rx(inner, 0)
    return circuit


def switch(labels):
    circuit = QuantumCircuit(1, 2)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(*labels):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.y(0)
    return circuit


def variable(name="v", width=8, start=1, compare=expr.less, bound=3):
    circuit = QuantumCircuit(1, 1)
    value = circuit.add_var(name, expr.lift(start, types.Uint(width)))
    with circuit.while_loop(compare(value, expr.lift(bound, types.Uint(width)))):
        circuit.x(0)
    return circuit


def box(**known):
    circuit = QuantumCircuit(1)
    with circuit.box(**known):
        circuit.x(0)
    return circuit


def delay(duration, unit):
    circuit = QuantumCircuit(1)
    circuit.delay(duration, 0, unit=unit)
    return circuit


def registers(*sizes):
    return QuantumCircuit(*(QuantumRegister(size, f"r{i}") for i, size in enumerate(sizes)))


A, B = Parameter("a"), Parameter("b")


def turned(angle):
    return one_qubit(RXGate(angle))


def wrong_control():
    definition = QuantumCircuit(2)
    definition.cz(0, 1)
    gate = ControlledGate("cx2", 2, [], num_ctrl_qubits=1, base_gate=XGate(), definition=definition)
    circuit = QuantumCircuit(2)
    circuit.append(gate, [0, 1])
    return circuit


def right_control():
    definition = QuantumCircuit(2)
    definition.cx(0, 1)
    gate = ControlledGate("cx2", 2, [], num_ctrl_qubits=1, base_gate=XGate(), definition=definition)
    circuit = QuantumCircuit(2)
    circuit.append(gate, [0, 1])
    return circuit


def controlled(state):
    circuit = QuantumCircuit(2)
    circuit.append(CXGate(ctrl_state=state), [0, 1])
    return circuit


PAIRS = {
    "gate": (one_qubit(XGate()), one_qubit(RXGate(math.pi))),
    "label": (one_qubit(XGate(label="a")), one_qubit(XGate(label="b"))),
    "order": (custom(0.1, 0.2), custom(0.2, 0.1)),
    "inner definition": (custom(0.1, 0.2), custom(0.1 + 1e-9, 0.2)),
    "definition of a controlled gate": (right_control(), wrong_control()),
    "control state": (controlled(0), controlled(1)),
    "opaque name": (one_qubit(Gate("a", 1, [])), one_qubit(Gate("b", 1, []))),
    "opaque automatic name": (
        one_qubit(Gate("circuit-1", 1, [])),
        one_qubit(Gate("circuit-2", 1, [])),
    ),
    "gate and instruction": (
        one_qubit(Measure(), 0),
        one_qubit(Instruction("measure2", 1, 1, []), 0),
    ),
    "unitary": (one_qubit(UnitaryGate(np.eye(2))), one_qubit(UnitaryGate(np.diag([1, -1])))),
    "unitary by one bit": (
        one_qubit(UnitaryGate(np.diag([1, np.exp(1e-15j)]))),
        one_qubit(UnitaryGate(np.eye(2))),
    ),
    "global phase": (QuantumCircuit(1, global_phase=0.1), QuantumCircuit(1, global_phase=0.2)),
    "condition value": (conditional(1), conditional(2)),
    "condition register": (conditional(register=0), conditional(register=1)),
    "conditional body": (conditional(body="x"), conditional(body="y")),
    "else": (conditional(), conditional(otherwise=True)),
    "loop indices": (loop((0, 1)), loop((0, 2))),
    "loop angle": (loop(angle=1.0), loop(angle=2.0)),
    "which loop": (nested_loops(swapped=True), nested_loops(swapped=False)),
    "switch labels": (switch((0,)), switch((0, 1))),
    "variable name": (variable("v"), variable("w")),
    "variable type": (variable(width=8), variable(width=9)),
    "variable start": (variable(start=1), variable(start=2)),
    "comparison": (variable(compare=expr.less), variable(compare=expr.less_equal)),
    "bound": (variable(bound=3), variable(bound=4)),
    "box": (box(), box(duration=10, unit="ns")),
    "box duration": (box(duration=11, unit="ns"), box(duration=10, unit="ns")),
    "box unit": (box(duration=10, unit="us"), box(duration=10, unit="ns")),
    "delay": (delay(10, "dt"), delay(11, "dt")),
    "delay unit": (delay(10, "dt"), delay(10, "ns")),
    "idle qubit": (QuantumCircuit(1), QuantumCircuit(2)),
    "idle clbit": (QuantumCircuit(1, 1), QuantumCircuit(1, 2)),
    "register sizes": (registers(1, 2), registers(2, 1)),
    "registers": (registers(3), registers(1, 2)),
    "register name": (
        QuantumCircuit(ClassicalRegister(1, "a")),
        QuantumCircuit(ClassicalRegister(1, "b")),
    ),
    "qubit register name": (
        QuantumCircuit(QuantumRegister(1, "a")),
        QuantumCircuit(QuantumRegister(1, "b")),
    ),
    "parameter name": (turned(A), turned(B)),
    "expression": (turned(A + B), turned(A - B)),
    "coefficient": (turned(2 * A), turned((2 + 1e-15) * A)),
    "tiny coefficient": (turned(1e-12 * A), turned(2e-12 * A)),
    "name that looks like a sum": (
        turned(A + B),
        turned(Parameter("a + b")),
    ),
    "name that looks like an element": (
        one_qubit(RXGate(ParameterVector("v", 2)[1])),
        one_qubit(RXGate(Parameter("v[1]"))),
    ),
    "number and parameter": (turned(0.0), turned(0 * A)),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS.keys())
def test_a_difference_in_meaning_is_a_difference_in_fingerprint(one, other):
    assert circuit_fingerprint(one) != circuit_fingerprint(other)


def test_the_order_of_gates_counts():
    one, other = QuantumCircuit(1), QuantumCircuit(1)
    one.h(0)
    one.x(0)
    other.x(0)
    other.h(0)
    assert circuit_fingerprint(one) != circuit_fingerprint(other)


def test_a_parameter_that_cannot_be_described_is_refused_by_its_type():
    with pytest.raises(TypeError, match="object"):
        circuit_fingerprint(one_qubit(Instruction("odd", 1, 0, [object()])))


def test_an_operation_that_cannot_be_described_is_refused_by_its_name():
    class Odd(Operation):
        name = "odd"
        num_qubits = 1
        num_clbits = 0

    with pytest.raises(TypeError, match="'odd'"):
        circuit_fingerprint(one_qubit(Odd()))


# ------------------------------------------------------------------ random circuits

WIDTH = 4
GATES = {
    "h": (1, 0),
    "s": (1, 0),
    "rx": (1, 1),
    "u": (1, 3),
    "cx": (2, 0),
    "cp": (2, 1),
    "ccx": (3, 0),
}
angles = st.floats(-10, 10, allow_nan=False)


@st.composite
def steps(draw):
    name = draw(st.sampled_from(sorted(GATES)))
    num_qubits, num_params = GATES[name]
    qubits = draw(st.permutations(range(WIDTH)))[:num_qubits]
    params = draw(st.lists(angles, min_size=num_params, max_size=num_params))
    return name, tuple(params), tuple(qubits)


def build(program):
    circuit = QuantumCircuit(WIDTH)
    for name, params, qubits in program:
        getattr(circuit, name)(*params, *qubits)
    return circuit


def bits(program):
    return [(name, np.array(params).tobytes(), qubits) for name, params, qubits in program]


@settings(max_examples=150, deadline=None)
@given(program=st.lists(steps(), min_size=1, max_size=8), step=steps(), data=st.data())
def test_changing_any_one_instruction_changes_the_fingerprint(program, step, data):
    place = data.draw(st.integers(0, len(program) - 1))
    changed = [*program[:place], step, *program[place + 1 :]]
    same = bits(changed) == bits(program)
    assert (circuit_fingerprint(build(changed)) == circuit_fingerprint(build(program))) is same


@settings(max_examples=100, deadline=None)
@given(program=st.lists(steps(), min_size=1, max_size=8), data=st.data())
def test_changing_any_one_number_by_its_last_bit_changes_the_fingerprint(program, data):
    places = [(i, j) for i, (_, params, _) in enumerate(program) for j in range(len(params))]
    if not places:
        return
    i, j = data.draw(st.sampled_from(places))
    name, params, qubits = program[i]
    moved = (*params[:j], math.nextafter(params[j], math.inf), *params[j + 1 :])
    changed = [*program[:i], (name, moved, qubits), *program[i + 1 :]]
    assert circuit_fingerprint(build(changed)) != circuit_fingerprint(build(program))


@settings(max_examples=50, deadline=None)
@given(program=st.lists(steps(), min_size=1, max_size=8))
def test_random_circuits_survive_qpy(program):
    circuit = build(program)
    assert circuit_fingerprint(through_qpy(circuit)) == circuit_fingerprint(circuit)


# ------------------------------------------------------------------ targets and keys


def make_target(
    error=0.01, duration=1e-7, edges=((0, 1), (1, 2)), dt=1e-9, extra=False, alias="rx"
):
    target = Target(num_qubits=3, dt=dt)
    one = {(q,): InstructionProperties(error=error, duration=duration) for q in range(3)}
    target.add_instruction(RXGate(Parameter("any")), one, name=alias)
    target.add_instruction(Measure(), one)
    target.add_instruction(
        CXGate(), {edge: InstructionProperties(error=error, duration=duration) for edge in edges}
    )
    if extra:
        target.add_instruction(RXGate(math.pi), one, name="rx_pi")
    return target


def test_calibration_does_not_enter_the_target():
    assert target_fingerprint(make_target()) == target_fingerprint(
        make_target(error=0.5, duration=None)
    )


def test_the_order_of_edges_does_not_enter_the_target():
    assert target_fingerprint(make_target()) == target_fingerprint(
        make_target(edges=((1, 2), (0, 1)))
    )


@pytest.mark.parametrize(
    "change",
    [
        {"edges": ((0, 1),)},
        {"edges": ((0, 1), (2, 1))},
        {"dt": 2e-9},
        {"dt": None},
        {"extra": True},
        {"alias": "r"},
    ],
    ids=str,
)
def test_the_structure_of_a_target_counts(change):
    assert target_fingerprint(make_target()) != target_fingerprint(make_target(**change))


def test_the_angle_of_a_fixed_gate_counts():
    def fixed(angle):
        target = Target(num_qubits=1)
        target.add_instruction(RXGate(angle), {(0,): None}, name="fixed")
        return target_fingerprint(target)

    assert len({fixed(0.5), fixed(0.25), fixed(Parameter("a"))}) == 3


def test_a_compiled_circuit_is_found_by_all_that_made_it():
    versions = {"qiskit": "2.6.2"}
    keys = {
        compile_key("a", "b", 1, 7, versions),
        compile_key("b", "a", 1, 7, versions),
        compile_key("a", "b", 2, 7, versions),
        compile_key("a", "b", 1, 8, versions),
        compile_key("a", "b", 1, 7, {"qiskit": "2.6.3"}),
    }
    assert len(keys) == 5
    assert compile_key("a", "b", 1, 7, versions) in keys


@pytest.mark.parametrize(("seed", "versions"), [(None, {"qiskit": "2.6.2"}), (1, {})])
def test_a_compilation_that_nobody_can_repeat_has_no_key(seed, versions):
    with pytest.raises(ValueError, match="seed"):
        compile_key("a", "b", 1, seed, versions)
