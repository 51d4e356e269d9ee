"""From content to Qiskit circuits; what a parser raises becomes a refusal with the parser's words.

Nothing is read from disk: includes are limited to the parsers' built-in libraries.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from typing import TYPE_CHECKING

from qiskit import QuantumCircuit, qasm2, qasm3, qpy
from qiskit.exceptions import QiskitError

from hq_assets.problems.circuit_collection.prechecks import check_text
from hq_assets.problems.circuit_collection.refusal import (
    MalformedError,
    RefusedError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from hq_assets.problems.circuit_collection.settings import Settings

OLDEST_QPY = 13
"""Readers of older versions could be made to run code that a file holds (CVE-2025-2000)."""

PARSER_ERRORS = (
    QiskitError,  # every error that Qiskit's parsers announce
    # Mutated files raise these where the parsers' own checks have a gap.
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    struct.error,
)
_POSITION_3 = re.compile(r"^['\"]?(\d+),(\d+): ?")
_POSITION_2 = re.compile(r"<input>:(\d+),(\d+): ?")


def parse(language: str, content: bytes, settings: Settings) -> list[QuantumCircuit]:
    """Circuits of one file, in order; OpenQASM files have one, QPY files any number.

    Raises:
        MalformedError: The content does not follow its format.
        UnsupportedError: It uses what is not offered.
    """
    readers = {"qasm2": _parse_qasm2, "qasm3": _parse_qasm3, "qpy": _parse_qpy}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice for authors of the file, not for the run
            return readers[language](content, settings)
    except RefusedError:
        raise
    except PARSER_ERRORS as error:
        raise MalformedError(_words(error)) from error
    except BaseException as error:
        if not _is_panic(error):
            raise
        raise MalformedError(str(error)) from error


def _parse_qasm2(content: bytes, settings: Settings) -> list[QuantumCircuit]:
    text = content.decode()
    check_text(text, "qasm2", settings)
    circuit = qasm2.loads(
        text,
        include_path=(),
        custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
        custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
    )
    return [circuit]


def _parse_qasm3(content: bytes, settings: Settings) -> list[QuantumCircuit]:
    from openqasm3.parser import QASM3ParsingError

    text = content.decode()
    check_text(text, "qasm3", settings)
    try:
        return [qasm3.loads(text)]
    except QASM3ParsingError as error:
        raise MalformedError(_syntax(error)) from error
    except qasm3.QASM3ImporterError as error:
        # The importer runs after the grammar was accepted: what it refuses, Qiskit cannot express.
        message = f"the OpenQASM 3 importer cannot take it: {_words(error)}"
        raise UnsupportedError(message) from error


def _parse_qpy(content: bytes, settings: Settings) -> list[QuantumCircuit]:
    del settings
    version = content[6] if len(content) > 6 else 0  # noqa: PLR2004 - the byte after the six of QISKIT
    if version < OLDEST_QPY:
        message = (
            f"QPY version {version} is older than {OLDEST_QPY}; save the circuit again with Qiskit "
            "1.3 or newer"
        )
        raise UnsupportedError(message)
    circuits = qpy.load(io.BytesIO(content))
    if not circuits:
        message = "the QPY file holds no circuit"
        raise MalformedError(message)
    return circuits


def _syntax(error: Exception) -> str:
    """Where and at which word the OpenQASM 3 grammar stopped."""
    cause = error.__cause__
    inner = cause.args[0] if cause is not None and cause.args else cause
    token = getattr(inner, "offendingToken", None)
    if token is None:
        return str(error) or "not OpenQASM 3"
    return f"line {token.line}, column {token.column + 1}: unexpected {token.text!r}"


def _words(error: BaseException) -> str:
    """A parser's message with its position spelled out."""
    text = str(error).strip().strip("'\"").split("\n")[0].strip()
    for pattern in (_POSITION_2, _POSITION_3):
        text = pattern.sub(
            lambda match: f"line {match[1]}, column {int(match[2]) + 1}: ", text, count=1
        )
    return text or type(error).__name__


def _is_panic(error: BaseException) -> bool:
    """Whether Qiskit's Rust code panicked; the exception's class cannot be imported."""
    return type(error).__name__ == "PanicException" and type(error).__module__ == "pyo3_runtime"
