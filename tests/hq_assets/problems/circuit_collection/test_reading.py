"""The format is found by content first; what cannot be read says why."""

from pathlib import Path

import pytest

from hq_assets.problems.circuit_collection.reading import interpret, read_circuit
from hq_assets.problems.contract import SourceFile

TWO = "OPENQASM 2.0;\nqreg q[1];\n"
THREE = "OPENQASM 3;\nqubit q;\n"


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("a.qasm", TWO.encode(), "qasm2"),
        ("a.qasm", THREE.encode(), "qasm3"),
        ("a.qasm", b"// OPENQASM 2.0;\n/* x */ OPENQASM 3.1;\nqubit q;", "qasm3"),
        ("a.txt", b"qreg q[2];", "qasm2"),
        ("a.txt", b"qubit[2] q;", "qasm3"),
        ("a.qasm3", b"h $0;", "qasm3"),
        ("a.qpy", b"QISKIT\x0d", "qpy"),
    ],
)
def test_the_format_follows_from_version_line_suffix_and_declarations(path, data, expected):
    reading = interpret(path, data)
    assert (reading.format, reading.status) == (expected, "ok")


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("a.qasm", b"", "empty"),
        ("a.qasm", b" \n\t", "empty"),
        ("a.qasm.gz", b"\x1f\x8b\x08\x00abc", "packed with gzip"),
        ("a.zip", b"PK\x03\x04abc", "packed with zip"),
        ("a.qpy", b"not qpy", "does not begin with QISKIT"),
        ("a.png", b"\x89PNG\r\n\x1a\n\x00\x00", "control characters"),
        ("a.qasm", b"hello", "neither OpenQASM nor QPY"),
        ("a.qasm", b"OPENQASM 4.0;\nqubit q;", "OpenQASM version 4"),
        ("a.qasm", b"\xff\xfeO\x00P", "utf-16"),
    ],
)
def test_what_is_no_circuit_is_refused_with_its_reason(path, data, words):
    reading = interpret(path, data)
    assert reading.status == "error"
    assert reading.content is None
    assert words in (reading.reason or "")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "latin-1"])
def test_other_encodings_become_the_same_text_and_say_so(codec):
    text = "// Schr\u00f6dinger\n" + TWO
    reading = interpret("a.qasm", text.encode(codec))
    assert reading.content == text.encode()
    assert reading.status == "changed"
    assert "read as" in (reading.reason or "")


def test_line_ends_are_normalized():
    assert interpret("a.qasm", TWO.replace("\n", "\r\n").encode()).content == TWO.encode()


def test_a_wrong_suffix_is_named_and_the_content_wins():
    reading = interpret("a.qasm3", TWO.encode())
    assert (reading.format, reading.status) == ("qasm2", "changed")
    assert "named .qasm3" in (reading.reason or "")


def test_a_file_above_the_limit_is_refused_without_being_opened():
    file = SourceFile("big.qasm", Path("/does/not/exist"), "0" * 64, 10**9)
    reading = read_circuit(file, 1000)
    assert reading.status == "error"
    assert "1,000,000,000 bytes" in (reading.reason or "")


def test_a_file_that_holds_more_than_was_stated_is_not_read_to_its_end(tmp_path):
    local = tmp_path / "grown.qasm"
    local.write_bytes(b"x" * 5000)
    assert "more than the limit" in (
        read_circuit(SourceFile("g", local, "0", 10), 100).reason or ""
    )
