"""Texts that would read files or explode are refused before a parser sees them."""

import time

import pytest

from hq_assets.problems.circuit_collection.prechecks import called, check_text, tokenize
from hq_assets.problems.circuit_collection.refusal import UnsupportedError
from hq_assets.problems.circuit_collection.settings import Settings


@pytest.mark.parametrize("language", ["qasm2", "qasm3"])
@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.inc", "other.inc"])
def test_an_include_of_a_file_is_refused_with_its_line(language, name):
    with pytest.raises(UnsupportedError, match="line 2: includes"):
        check_text(f'// head\ninclude "{name}";', language, Settings())


def test_includes_in_comments_and_the_own_library_pass():
    check_text('// include "x";\n/* include "y"; */ include "qelib1.inc";', "qasm2", Settings())
    check_text("include 'stdgates.inc';", "qasm3", Settings())


@pytest.mark.parametrize(
    "text",
    [
        "qreg q[1000000000];",
        "qubit[1000000000] q;",
        "qreg a[100]; qreg b[100];",
        "qubit [ 99999999999999999999 ] q;",
    ],
)
def test_a_billion_qubits_are_refused_by_their_declaration(text):
    with pytest.raises(UnsupportedError, match="raise max_qubits"):
        check_text(text, "qasm3", Settings())


def test_too_many_classical_bits_are_refused_by_their_declaration():
    with pytest.raises(UnsupportedError, match="raise max_clbits"):
        check_text("bit[5000] c;", "qasm3", Settings())


def doubling(name):
    """A program whose gates g0 … g39 each call the one before twice, and a call of one of them."""
    gates = [f"gate g{k} a {{ g{k - 1} a; g{k - 1} a; }}" for k in range(1, 40)]
    return "\n".join(["gate g0 a { h a; h a; }", *gates, "qreg q[1];", f"{name} q[0];"])


def test_gates_that_double_forty_times_are_refused_at_once():
    start = time.process_time()
    with pytest.raises(UnsupportedError, match="gate g39 expands to 1,099,511,627,776 operations"):
        check_text(doubling("g39"), "qasm2", Settings())
    assert time.process_time() - start < 1.0


def test_a_large_gate_that_nobody_calls_passes():
    check_text(doubling("g3"), "qasm2", Settings())


def test_the_calls_of_a_body_are_the_gates_after_their_modifiers():
    text = "rx(sin(x)) a; ctrl(2) @ inv @ mine(x) a, b; barrier a; for int i in [0:2] { cx a, b; }"
    assert called(list(tokenize(text))) == ["rx", "mine", "cx"]
