"""Values are bound in the circuit's order; what does not fit says why."""

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

ANSATZ = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float b;\ninput float a;\nqubit q;\nbit[1] c;\n'
    "rx(b) q;\nrz(a) q;\nc[0] = measure q;\n"
)


def rows_of(encoded, circuit_id):
    frame = encoded.frame.collect()
    return [row for row in frame.iter_rows(named=True) if row["circuit_id"] == circuit_id]


def test_values_stand_in_the_circuits_order_whatever_the_order_of_the_columns(encoded_of):
    table = "file,b,a\nx.qasm,2,1\nx.qasm,4,3\n"
    rows = rows_of(encoded_of({"x.qasm": ANSATZ, "parameters.csv": table}), "x.qasm")
    assert [row["values"] for row in rows] == [[1.0, 2.0], [3.0, 4.0]]
    assert [row["parameter_row"] for row in rows] == [0, 1]
    assert rows[1]["record_ids"] == ["x.qasm", "parameters.csv:3"]


def test_usable_rows_are_numbered_without_gaps_and_refused_ones_follow(encoded_of):
    table = "file,a,b,z\nx.qasm,1,,\nx.qasm,1,2,\nx.qasm,nan,2,\nx.qasm,3,4,5\nx.qasm,5,6,\n"
    rows = rows_of(encoded_of({"x.qasm": ANSATZ, "parameters.csv": table}), "x.qasm")
    assert [(row["parameter_row"], row["status"]) for row in rows] == [
        (0, "ok"), (1, "ok"), (2, "error"), (3, "error"), (4, "error"),
    ]  # fmt: skip
    reasons = " | ".join(row["reason"] for row in rows[2:])
    for words in ("no value for b", "finite number", "no parameter z"):
        assert words in reasons


def test_unbound_parameters_without_a_table_are_named(encoded_of):
    (row,) = rows_of(encoded_of({"x.qasm": ANSATZ}), "x.qasm")
    assert row["status"] == "error"
    assert "unbound parameters (a, b)" in row["reason"]


def test_values_for_a_circuit_without_parameters_are_refused(encoded_of, bell):
    (row,) = rows_of(encoded_of({"x.qasm": bell, "parameters.csv": "file,a\nx.qasm,1\n"}), "x.qasm")
    assert "no parameter a" in row["reason"]


def test_a_bad_file_has_a_row_and_stops_no_other(encoded_of, bell):
    encoded = encoded_of({"a.qasm": b"", "b.qasm": bell + "h nowhere[0];", "c.qasm": bell})
    statuses = {
        row["circuit_id"]: row["status"] for row in encoded.frame.collect().iter_rows(named=True)
    }
    assert statuses == {"a.qasm": "error", "b.qasm": "error", "c.qasm": "ok"}
    circuits = {row["circuit_id"]: row for row in encoded.circuits.collect().iter_rows(named=True)}
    assert [circuits[name]["content"] is None for name in ("a.qasm", "b.qasm", "c.qasm")] == [
        True,
        True,
        False,
    ]


def test_every_circuit_of_a_qpy_file_is_one_and_may_be_named_in_the_table(encoded_of, to_qpy):
    vector = ParameterVector("v", 11)
    circuits = []
    for parameters in ([Parameter("t")], list(vector)):
        circuit = QuantumCircuit(1, 1)
        for parameter in parameters:
            circuit.rx(parameter, 0)
        circuit.measure(0, 0)
        circuits.append(circuit)
    columns = ",".join(f"v[{k}]" for k in range(11))
    numbers, blank = ",".join(map(str, range(11))), "," * 11
    lines = (
        f"file,t,{columns}",
        f"two.qpy[0],7{blank}",
        f"two.qpy[1],,{numbers}",
        f"two.qpy[9],1{blank}",
    )
    table = "\n".join(lines)
    encoded = encoded_of({"two.qpy": to_qpy(*circuits), "parameters.csv": table})
    assert rows_of(encoded, "two.qpy[0]")[0]["values"] == [7.0]
    assert rows_of(encoded, "two.qpy[1]")[0]["values"] == [float(k) for k in range(11)]
    assert encoded.facts["lines_without_circuit"] == ["parameters.csv:4"]


def test_every_seed_has_the_same_rows_and_circuits_stand_once(encoded_of, bell):
    encoded = encoded_of({"a.qasm": bell}, seeds=(2, 9))
    frame = encoded.frame.collect()
    assert frame["seed"].to_list() == [2, 9]
    assert encoded.circuits.collect().height == 1


def test_a_change_in_reading_and_one_in_measuring_are_both_named(encoded_of):
    text = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1];\nh q[0];\n'
    (row,) = rows_of(encoded_of({"x.qasm": text.encode("utf-8-sig")}), "x.qasm")
    assert row["status"] == "changed"
    assert "byte order mark" in row["reason"]
    assert "final measurement" in row["reason"]


@pytest.mark.parametrize("duplicate", ["z.qasm"])
def test_a_duplicate_is_not_encoded_again(encoded_of, bell, duplicate):
    encoded = encoded_of({"a.qasm": bell, duplicate: bell})
    assert encoded.frame.collect()["circuit_id"].to_list() == ["a.qasm"]
