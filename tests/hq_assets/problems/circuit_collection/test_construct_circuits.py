"""Templates are rebuilt from the encoded inputs alone."""

import polars as pl
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from hq_assets.problems.circuit_collection.construct_circuits import construct_circuits
from hq_assets.problems.circuit_collection.settings import Settings
from hq_assets.problems.contract import Encoded


def test_every_circuit_has_a_template_or_a_reason(encoded_of, bell):
    encoded = encoded_of({"a.qasm": bell, "b.qasm": b"", "c.qasm": "OPENQASM 2.0; qreg q[300];"})
    good, empty, wide = construct_circuits(encoded, Settings())
    assert good.circuit is not None
    assert good.circuit.count_ops() == {"h": 1, "cx": 1, "measure": 2}
    assert (empty.circuit, empty.status) == (None, "error")
    assert (wide.circuit, wide.status) == (None, "unsupported")
    assert "raise max_qubits" in (wide.reason or "")


def test_tables_that_went_through_parquet_give_the_same_circuits(encoded_of, to_qpy, tmp_path):
    circuits = [QuantumCircuit(k + 1, 1) for k in range(2)]
    for circuit in circuits:
        circuit.rx(Parameter("t"), 0)
        circuit.measure(0, 0)
    encoded = encoded_of({"two.qpy": to_qpy(*circuits), "parameters.csv": "file,t\ntwo.qpy,0.5\n"})
    path = tmp_path / "circuits.parquet"
    encoded.circuits.collect().write_parquet(path)
    back = Encoded(frame=encoded.frame, circuits=pl.scan_parquet(path))
    templates = construct_circuits(back, Settings())
    assert [template.circuit_id for template in templates] == ["two.qpy[0]", "two.qpy[1]"]
    assert [template.circuit.num_qubits for template in templates] == [1, 2]
    assert [list(template.parameters) for template in templates] == [["t"], ["t"]]


def test_encoded_inputs_without_circuits_are_refused(encoded_of):
    with pytest.raises(ValueError, match="no table of circuits"):
        construct_circuits(Encoded(frame=encoded_of({}).frame), Settings())


def test_an_empty_collection_has_no_templates(encoded_of):
    assert construct_circuits(encoded_of({}), Settings()) == []
