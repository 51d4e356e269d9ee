"""Outcome tables and the registers that name their bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Clbit
from qiskit.result import Counts

from resources.backends.outcomes import OutcomeColumns, Registers, pair_frame, registers_of


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_bitstrings_are_those_of_qiskit(sizes, data):
    registers = Registers({f"r{i}": size for i, size in enumerate(sizes)})
    value = data.draw(st.integers(0, 2 ** sum(sizes) - 1))
    creg_sizes = [[f"r{i}", size] for i, size in enumerate(sizes)]
    (expected,) = Counts({hex(value): 1}, creg_sizes=creg_sizes, memory_slots=sum(sizes))
    assert registers.bitstring(value) == expected


def test_one_register_keeps_its_name_and_several_are_called_all():
    assert Registers({"m": 2}).name == "m"
    assert Registers({"m": 2, "n": 1}).name == "all"


@pytest.mark.parametrize("layout", ["loose", "shared"])
def test_bits_outside_registers_or_in_several_make_one_register(layout):
    circuit = QuantumCircuit(1)
    bits = [Clbit(), Clbit()]
    circuit.add_bits(bits)
    if layout == "shared":
        circuit.add_register(ClassicalRegister(name="a", bits=bits))
        circuit.add_register(ClassicalRegister(name="b", bits=bits[:1]))
    assert registers_of(circuit).sizes == {"c": 2}


def test_executions_keep_their_order_and_outcomes_are_sorted():
    columns = OutcomeColumns(Registers({"m": 2}))
    columns.add_hex_counts({"0x3": 1, "0x0": 4})
    columns.add_hex_counts({"0x1": 5})
    frame = columns.frame(2)
    assert frame.rows() == [
        (2, 0, "m", "00", 4, None),
        (2, 0, "m", "11", 1, None),
        (2, 1, "m", "01", 5, None),
    ]


def test_pairs_have_counts_for_integers_and_weights_for_fractions():
    registers = Registers({"m": 2})
    counted = pair_frame(0, registers, np.array([3, 0]), np.array([1, 4]))
    assert counted["count"].to_list() == [3, 1, 0, 4]
    assert counted["weight"].null_count() == 4
    weighed = pair_frame(0, registers, np.array([0.25]), np.array([0.75]))
    assert weighed["weight"].to_list() == [0.25, 0.75]
    assert weighed["count"].null_count() == 2
    assert counted.schema == weighed.schema
