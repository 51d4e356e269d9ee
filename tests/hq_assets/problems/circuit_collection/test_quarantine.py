"""No file ends or stalls the run."""

import struct

import pytest
from qiskit import QuantumCircuit
from qiskit.qpy import formats

from hq_assets.problems.circuit_collection.quarantine import Finding, Sample, circuit_ids, inspect
from hq_assets.problems.circuit_collection.settings import Settings

GOOD = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; creg c[1]; h q[0]; measure q -> c;'


@pytest.fixture
def endless(to_qpy):
    """A QPY file of a few hundred bytes whose header says 2^24 qubits; its reader builds them all."""
    data = to_qpy(QuantumCircuit(3))
    # file header, type of program, table of one circuit; then name size, type and size of the phase
    where = formats.FILE_HEADER_V10_SIZE + formats.TYPE_KEY_SIZE + formats.CIRCUIT_TABLE_ENTRY_SIZE
    where += struct.calcsize("!H1cH")
    assert data[where : where + 4] == struct.pack("!I", 3)
    return data[:where] + struct.pack("!I", 2**24) + data[where + 4 :]


def test_a_file_that_never_ends_is_stopped_and_the_next_one_is_read(endless):
    settings = Settings(parse_cpu_seconds=1)
    samples = [Sample("a.qpy", "qpy", endless), Sample("b.qasm", "qasm2", GOOD)]
    (stopped,), (good,) = inspect(samples, settings)
    assert stopped.status == "error"
    assert "1 s of CPU time" in (stopped.reason or "")
    assert good == Finding("ok", None, ())


def test_a_parser_that_kills_its_process_costs_only_its_own_file(monkeypatch):
    sample = Sample("kill.qasm", "qasm2", GOOD.replace(b"h q", b"h  q"))
    code = "import os, sys; sys.stdin.readline(); sys.stdin.readline(); os.abort()"
    monkeypatch.setattr("hq_assets.problems.circuit_collection.quarantine.COMMAND", ("-c", code))
    ((finding,),) = inspect([sample], Settings())
    assert finding.status == "error"
    assert "SIGABRT" in (finding.reason or "")


def test_findings_name_parameters_in_the_circuits_order():
    text = (
        b'OPENQASM 3.0; include "stdgates.inc"; input float zeta; input float alpha; '
        b"qubit q; rx(zeta) q; rz(alpha) q;"
    )
    ((finding,),) = inspect([Sample("p.qasm", "qasm3", text)], Settings())
    assert finding.parameters == ("alpha", "zeta")
    assert finding.status == "changed"


def test_circuits_of_one_file_are_judged_apart(to_qpy):
    good, wide = QuantumCircuit(1, 1), QuantumCircuit(300)
    good.measure(0, 0)
    (findings,) = inspect([Sample("two.qpy", "qpy", to_qpy(good, wide))], Settings())
    assert [finding.status for finding in findings] == ["ok", "unsupported"]


def test_circuits_are_named_by_file_and_position():
    assert circuit_ids("a.qpy", 1) == ["a.qpy"]
    assert circuit_ids("a.qpy", 2) == ["a.qpy[0]", "a.qpy[1]"]


def test_nothing_to_inspect_starts_no_process():
    assert inspect([], Settings()) == ()
