"""Foreign files are parsed in a process of their own, so that no file can end or stall the run.

A parser may abort, loop or ask for all memory on a few wrong bytes; none of that can be caught.
The child works under limits on CPU time and address space. When it dies, the file that it was
reading is refused, and a new child goes on with the next. What the child accepts, the parent may
parse too.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from hq_assets.problems.circuit_collection.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.problems.contract import RowStatus

ROOT = Path(__file__).resolve().parents[3]
COMMAND = ("-m", "hq_assets.problems.circuit_collection.quarantine")
"""Arguments of the interpreter that start the child."""

PARSERS = "hq_assets.problems.circuit_collection.parsing"


@dataclass(frozen=True)
class Sample:
    """One file to inspect."""

    path: str
    format: str
    content: bytes


@dataclass(frozen=True)
class Finding:
    """What one circuit of a file needs, or why it is refused.

    Attributes:
        status: ok, changed, error or unsupported.
        reason: What was changed or why it is refused.
        parameters: Parameter names in the circuit's order.
    """

    status: RowStatus
    reason: str | None
    parameters: tuple[str, ...] = ()


def inspect(samples: Sequence[Sample], settings: Settings) -> tuple[tuple[Finding, ...], ...]:
    """Inspect files one after the other; findings per file, one per circuit in it.

    The last answers are kept, because encoding, reference and decision ask the same within one run.
    """
    return _inspect(tuple(samples), settings.model_dump_json())


@lru_cache(maxsize=4)
def _inspect(samples: tuple[Sample, ...], settings_json: str) -> tuple[tuple[Finding, ...], ...]:
    child = _Child(Settings.model_validate_json(settings_json))
    try:
        return tuple(child.ask(sample) for sample in samples)
    finally:
        child.close()


def circuit_ids(path: str, count: int) -> list[str]:
    """Names of a file's circuits: the path, or `path[0]`, `path[1]` … where it holds several."""
    return [path] if count == 1 else [f"{path}[{position}]" for position in range(count)]


class _Child:
    """The parsing process, started when first asked and again after it died."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, sample: Sample) -> tuple[Finding, ...]:
        """Findings of one file; a dead child is a finding too."""
        process = self._process or self._start()
        question = {
            "path": sample.path,
            "format": sample.format,
            "content": base64.b64encode(sample.content).decode(),
        }
        try:
            _stream(process.stdin).write(json.dumps(question).encode() + b"\n")
            _stream(process.stdin).flush()
            answer = _stream(process.stdout).readline()
        except BrokenPipeError:
            answer = b""
        if answer.endswith(b"\n"):
            return tuple(
                Finding(each["status"], each["reason"], tuple(each["parameters"]))
                for each in json.loads(answer)
            )
        return (Finding("error", self._death()),)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):  # a dead child never took the question
                _stream(self._process.stdin).close()
            self._process.wait()
            _stream(self._process.stdout).close()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(  # noqa: S603 - our own module, nothing of the file is on the command line
            [sys.executable, *COMMAND],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # panics print there; the reason is in the answer
        )
        _stream(self._process.stdin).write(self._settings.model_dump_json().encode() + b"\n")
        return self._process

    def _death(self) -> str:
        """Why the child ended."""
        process = self._process
        self.close()
        code = process.returncode if process is not None else 0
        if code in {-signal.SIGXCPU, -signal.SIGKILL}:
            return (
                f"reading the file took more than {self._settings.parse_cpu_seconds} s of CPU time "
                "and was stopped"
            )
        words = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"malformed: the parser's process ended with {words}"


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    """A pipe that Popen was asked for.

    Raises:
        RuntimeError: The pipe is missing.
    """
    if stream is None:
        message = "the parsing process has no pipe; start it through _Child"
        raise RuntimeError(message)
    return stream


def serve() -> None:
    """Answer one line per question until the input ends; the child's whole life."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(
        sys.stderr.fileno(), sys.stdout.fileno()
    )  # a library that prints must not write into an answer
    settings = Settings.model_validate_json(sys.stdin.buffer.readline())
    importlib.import_module(PARSERS)  # before the limits start to count
    limit_memory(settings.parse_memory_bytes)
    for line in sys.stdin.buffer:
        limit_cpu(settings.parse_cpu_seconds)
        question = json.loads(line)
        findings = findings_of(
            question["path"], question["format"], base64.b64decode(question["content"]), settings
        )
        answers.write(json.dumps(findings).encode() + b"\n")
        answers.flush()


def findings_of(
    path: str, language: str, content: bytes, settings: Settings
) -> list[dict[str, Any]]:
    """Findings of one file, JSON-able."""
    from hq_assets.problems.circuit_collection.parsing import parse
    from hq_assets.problems.circuit_collection.preparation import prepare
    from hq_assets.problems.circuit_collection.refusal import RefusedError

    try:
        circuits = parse(language, content, settings)
    except RefusedError as refusal:
        return [{"status": refusal.status, "reason": refusal.reason, "parameters": []}]
    findings: list[dict[str, Any]] = []
    for circuit_id, circuit in zip(circuit_ids(path, len(circuits)), circuits, strict=True):
        try:
            prepared = prepare(circuit, circuit_id, settings)
        except RefusedError as refusal:
            findings.append({"status": refusal.status, "reason": refusal.reason, "parameters": []})
        else:
            findings.append(
                {
                    "status": "changed" if prepared.notes else "ok",
                    "reason": "; ".join(prepared.notes) or None,
                    "parameters": [parameter.name for parameter in prepared.circuit.parameters],
                }
            )
    return findings


def limit_memory(limit: int) -> None:
    """Bound the address space of this process; a parser that dies leaves no core file."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_cpu(seconds: int) -> None:
    """Bound the CPU time of this process from this moment on."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard)
    )


if __name__ == "__main__":
    serve()
