"""What a parser raises becomes a refusal that says where; nothing is read from disk."""

import pytest
from qiskit import QuantumCircuit

from hq_assets.problems.circuit_collection import parsing
from hq_assets.problems.circuit_collection.parsing import parse
from hq_assets.problems.circuit_collection.refusal import (
    LONGEST_REASON,
    MalformedError,
    RefusedError,
    UnsupportedError,
)
from hq_assets.problems.circuit_collection.settings import Settings

HEAD_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
HEAD_3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'


def refusal_of(language, text):
    with pytest.raises(RefusedError) as caught:
        parse(language, text.encode(), Settings())
    return caught.value


def test_older_gate_names_of_openqasm_2_are_known():
    (circuit,) = parse(
        "qasm2", (HEAD_2 + "rxx(0.3) q[0], q[1]; sxdg q[0]; p(0.1) q[1];").encode(), Settings()
    )
    assert [each.operation.name for each in circuit.data] == ["rxx", "sxdg", "p"]


@pytest.mark.parametrize(
    ("language", "text", "position"),
    [
        ("qasm2", HEAD_2 + "h q[0]\nh q[1];", "line 6, column 1"),
        ("qasm2", HEAD_2 + "nothere q[0];", "line 5, column 1"),
        ("qasm3", HEAD_3 + "h q[0]\nh q[1];", "line 6, column 1: unexpected 'h'"),
        ("qasm3", HEAD_3 + "h q[0];\n%", "line 6"),
    ],
)
def test_malformed_text_names_line_and_column(language, text, position):
    refusal = refusal_of(language, text)
    assert isinstance(refusal, MalformedError)
    assert position in refusal.reason


@pytest.mark.parametrize(
    "statement", ["int[8] x = 3;", "def f(qubit a) { x a; }\nf(q[0]);", "output float y;"]
)
def test_constructs_that_the_importer_lacks_are_unsupported(statement):
    refusal = refusal_of("qasm3", HEAD_3 + statement)
    assert isinstance(refusal, UnsupportedError)
    assert "line 5" in refusal.reason


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "qasm2",
            HEAD_2 + "measure q[9999999999999999999990] -> c[0];",
        ),  # panics inside the parser
        ("qasm3", HEAD_3 + "cx q[0], q[0];"),
        ("qasm3", HEAD_3 + "h q[7];"),
        ("qasm3", HEAD_3 + "rx(" + "(" * 3000 + "1" + ")" * 3000 + ") q[0];"),
    ],
)
def test_errors_that_the_parsers_do_not_announce_are_refusals_too(language, text):
    assert isinstance(refusal_of(language, text), MalformedError)


def test_an_interrupt_is_no_refusal(monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(parsing.qasm2, "loads", interrupted)
    with pytest.raises(KeyboardInterrupt):
        parse("qasm2", HEAD_2.encode(), Settings())


@pytest.mark.parametrize("language", ["qasm2", "qasm3"])
def test_no_file_is_read_through_an_include(language, tmp_path, monkeypatch):
    monkeypatch.setattr(parsing, "check_text", lambda *_: None)  # the parsers alone must refuse too
    secret = tmp_path / "secret.inc"
    secret.write_text("gate secret a { }")
    monkeypatch.chdir(tmp_path)
    for name in ("secret.inc", str(secret)):
        version = {"qasm2": "2.0", "qasm3": "3.0"}[language]
        refusal = refusal_of(
            language, f'OPENQASM {version};\ninclude "{name}";\nqreg q[1];\nsecret q[0];'
        )
        assert "line 2" in refusal.reason or "line 1" in refusal.reason


def test_an_old_qpy_version_is_refused_unread(to_qpy):
    data = bytearray(to_qpy(QuantumCircuit(1)))
    data[6] = 12
    with pytest.raises(UnsupportedError, match="QPY version 12 is older than 13"):
        parse("qpy", bytes(data), Settings())


def test_a_cut_qpy_file_is_malformed(to_qpy):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    data = to_qpy(circuit)
    for length in (7, 20, len(data) // 2, len(data) - 1):
        with pytest.raises(MalformedError):
            parse("qpy", data[:length], Settings())


def test_a_reason_stays_short():
    assert len(MalformedError("x " * 5000).reason) == LONGEST_REASON
