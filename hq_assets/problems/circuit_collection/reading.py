"""From the bytes of a file to its format and content: text as UTF-8 with line feeds, QPY as it is.

Formats: OpenQASM 2 (arXiv:1707.03429), OpenQASM 3 (https://openqasm.com), QPY
(https://quantum.cloud.ibm.com/docs/api/qiskit/qpy).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hq_assets.problems.contract import RowStatus, SourceFile

MAGIC_QPY = b"QISKIT"
PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8 with a byte order mark"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_VERSION = re.compile(r"\s*OPENQASM\s+(\d+)(?:\.\d+)?\s*;")
_STATEMENTS_2 = re.compile(r"\b(?:qreg|creg)\s+[A-Za-z]")
_STATEMENTS_3 = re.compile(r"\b(?:qubit|bit)\b\s*(?:\[|[A-Za-z])|\binput\s+(?:float|angle)\b")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
SUFFIXES = {".qasm2": "qasm2", ".qasm3": "qasm3", ".qpy": "qpy"}


@dataclass(frozen=True)
class Reading:
    """What one file turned out to hold.

    Attributes:
        format: qasm2, qasm3 or qpy; None where it is none of them.
        content: Normalized content, or None where the file is refused.
        status: ok, changed or error.
        reason: Why it is changed or refused.
    """

    format: str | None
    content: bytes | None
    status: RowStatus = "ok"
    reason: str | None = None


def refuse(reason: str) -> Reading:
    """A file that cannot be used."""
    return Reading(None, None, "error", reason)


def read_circuit(file: SourceFile, max_bytes: int) -> Reading:
    """Read one circuit file; a file above the limit is refused without being opened."""
    if file.size > max_bytes:
        return refuse(
            f"the file has {file.size:,} bytes and the limit is {max_bytes:,}; raise max_file_bytes"
        )
    with file.local.open("rb") as stream:
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        return refuse(
            f"the file holds more than the limit of {max_bytes:,} bytes; raise max_file_bytes"
        )
    return interpret(file.path, data)


def interpret(path: str, data: bytes) -> Reading:
    """Find the format by content first and by suffix second."""
    suffix = PurePosixPath(path).suffix.lower()
    problem = binary_problem(data, suffix)
    if problem:
        return refuse(problem)
    if data.startswith(MAGIC_QPY):
        return Reading("qpy", data, *_naming(suffix, "qpy"))
    text, note = decode(data)
    if text is None:
        return refuse(note or "the file is not text")
    found = text_format(text, suffix)
    if found not in {"qasm2", "qasm3"}:
        known = "begin the file with `OPENQASM 2.0;` or `OPENQASM 3.0;`"
        what = "neither OpenQASM nor QPY" if found is None else f"OpenQASM version {found}"
        return refuse(f"the file holds {what}; {known}")
    status, named = _naming(suffix, found)
    reasons = [reason for reason in (note, named) if reason]
    content = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    return Reading(found, content, "changed" if reasons else status, "; ".join(reasons) or None)


def binary_problem(data: bytes, suffix: str) -> str | None:
    """What is wrong with the bytes before they are read as text or QPY, or None."""
    if not data.strip():
        return "the file is empty"
    packer = next((name for magic, name in PACKED.items() if data.startswith(magic)), None)
    if packer:
        return f"the file is packed with {packer}; unpack it first"
    if suffix == ".qpy" and not data.startswith(MAGIC_QPY):
        return "the file is named .qpy, but it does not begin with QISKIT as QPY does"
    return None


def decode(data: bytes) -> tuple[str | None, str | None]:
    """Text, and a note where it is not plain UTF-8; (None, reason) where it is no text."""
    codec, note = "utf-8", None
    for mark, name, words in MARKS:
        if data.startswith(mark):
            codec, note = name, f"read as {words}"
            break
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        if codec != "utf-8":
            return (
                None,
                f"the file begins like {codec} text, but does not go on so; save it as UTF-8",
            )
        text, note = data.decode("latin-1"), "read as Latin-1, because it is not UTF-8"
    if _CONTROL.search(text):
        return (
            None,
            "the file holds control characters, so it is not text; give OpenQASM text or QPY",
        )
    return text, note


def text_format(text: str, suffix: str) -> str | None:
    """Format of a program by its version line, else suffix, else declarations; None if unknown."""
    bare = _COMMENT.sub(" ", text)
    version = _VERSION.match(bare)
    if version:
        return {"2": "qasm2", "3": "qasm3"}.get(version.group(1), version.group(1))
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    two, three = bool(_STATEMENTS_2.search(bare)), bool(_STATEMENTS_3.search(bare))
    if two == three:
        return None
    return "qasm2" if two else "qasm3"


def _naming(suffix: str, found: str) -> tuple[RowStatus, str | None]:
    """Status and reason for a suffix that promises another format than the content has."""
    promised = SUFFIXES.get(suffix)
    if found == "qpy" and suffix == ".qasm":
        promised = "qasm"
    if promised in {None, found}:
        return "ok", None
    return "changed", f"named {suffix}, but read as {found} by its content"
