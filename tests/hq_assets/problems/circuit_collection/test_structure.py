"""The census sees through definitions, blocks and loops."""

import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Gate

from hq_assets.problems.circuit_collection.refusal import UnsupportedError
from hq_assets.problems.circuit_collection.structure import (
    DEEPEST_NESTING,
    measures_only_at_the_end,
    take_census,
)

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nbit[1] d;\n'


def loads(body):
    return qasm3.loads(HEAD + body)


def test_definitions_and_loops_are_expanded():
    inner = QuantumCircuit(1, name="twice")
    inner.h(0)
    inner.h(0)
    outer = QuantumCircuit(2, 1)
    outer.append(inner.to_gate(), [0])
    with outer.for_loop(range(10)):
        outer.append(inner.to_gate(), [1])
    outer.measure(0, 0)
    census = take_census(outer, 1000)
    assert (
        census.operations == 2 + 1 + 10 * 2 + 1
    )  # the gate, the loop, its repeated body, the measurement
    assert (census.measurements, census.controlled) == (1, True)


def test_nested_loops_of_a_billion_rounds_are_refused():
    body = "for int i in [0:999999] { for int j in [0:999] { h q[0]; } }"
    with pytest.raises(UnsupportedError, match="more than 200,000 operations"):
        take_census(loads(body), 200_000)


def test_an_opaque_gate_is_refused_and_a_standard_one_is_not():
    circuit = QuantumCircuit(2)
    circuit.append(Gate("mystery", 2, [0.1]), [0, 1])
    with pytest.raises(UnsupportedError, match="gate mystery is opaque"):
        take_census(circuit, 100)


def test_definitions_nested_too_deep_are_refused():
    circuit = QuantumCircuit(1)
    circuit.h(0)
    for depth in range(DEEPEST_NESTING + 1):
        wrapper = QuantumCircuit(1)
        wrapper.append(circuit.to_gate(label=f"level {depth}"), [0])
        circuit = wrapper
    with pytest.raises(UnsupportedError, match="nested more than"):
        take_census(circuit, 1000)


@pytest.mark.parametrize(
    "body",
    [
        "while (d == 0) { h q[0]; }",
        "while (d == 0) { c[0] = measure q[0]; }",
        "if (c == 1) { while (c == 0) { x q[0]; } }",
    ],
)
def test_a_while_loop_that_cannot_end_is_refused(body):
    with pytest.raises(UnsupportedError, match="cannot end"):
        take_census(loads(body), 1000)


@pytest.mark.parametrize(
    "body",
    [
        "while (d == 0) { h q[0]; d[0] = measure q[0]; }",
        "while (c == 0) { if (d == 0) { c[1] = measure q[0]; } }",
        "while (d == 0) { c[0] = measure q[0]; if (c == 1) { break; } }",
    ],
)
def test_a_while_loop_that_measures_its_condition_or_breaks_is_accepted(body):
    assert take_census(loads(body), 1000).controlled


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("h q[0]; c[0] = measure q[0]; h q[1]; barrier q; c[1] = measure q[1];", True),
        ("c[0] = measure q[0]; c[1] = measure q[0];", True),
        ("c[0] = measure q[0]; h q[0]; c[1] = measure q[1];", False),
        ("c[0] = measure q[0]; cx q[1], q[0];", False),
        ("c[0] = measure q[0]; reset q[0];", False),
    ],
)
def test_measurements_at_the_end_are_told_from_those_in_the_middle(body, expected):
    assert measures_only_at_the_end(loads(body)) is expected
