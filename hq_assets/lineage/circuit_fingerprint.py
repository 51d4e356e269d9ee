"""Structural fingerprints of circuits and targets, and the key of a compiled circuit.

QPY bytes differ from process to process and OpenQASM text prints different angles alike, so
identity is a hash over the structure itself. All functions return 64 hex digits.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from typing import TYPE_CHECKING, Any

from hq_assets.lineage.circuit_structure import circuit_lines
from hq_assets.lineage.parameter_expression import float_bits, number_bits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

_CIRCUIT_FORMAT = "circuit/1"
_TARGET_FORMAT = "target/1"


def circuit_fingerprint(circuit: QuantumCircuit, *, automatic_labels: bool = False) -> str:
    """Return the structural hash of a circuit, equal in every process and after a pass through QPY.

    It covers operations with their names, labels, control states, bit numbers and parameters (as
    float64 bits or exact expressions), definitions of custom gates, control flow, conditions,
    variables, registers, durations and the global phase. It leaves out names that Qiskit makes up,
    the circuit's name, its metadata, layout and schedule.

    Args:
        circuit: Any circuit.
        automatic_labels: By default the names of classical registers count as they are, because
            results are labelled with them, also where Qiskit numbered them (`ClassicalRegister(2)`
            is `c0` or `c7`). True lets such a number count only by its order.

    Raises:
        TypeError: The circuit holds an operation or a parameter that cannot be described.
        ValueError: A parameter expression has no canonical form.
    """
    hasher = hashlib.sha256(_CIRCUIT_FORMAT.encode())
    for line in circuit_lines(circuit, automatic_labels=automatic_labels):
        hasher.update(b"\n")
        hasher.update(line.encode())
    return hasher.hexdigest()


def target_fingerprint(target: Target) -> str:
    """Return the hash of a target's structure: qubits, operations, connectivity, timing grid.

    Errors, durations and qubit properties are calibration and stay out. Of angle bounds it only
    counts which operations have them, because Qiskit does not give the bounds away.
    """
    operations = [
        [
            name,
            _target_operation(target.operation_from_name(name)),
            _qargs(target.qargs_for_operation_name(name)),
            target.gate_has_angle_bounds(name),
        ]
        for name in sorted(target.operation_names)
    ]
    grid = [target.granularity, target.min_length, target.pulse_alignment, target.acquire_alignment]
    groups = sorted(sorted(group) for group in target.concurrent_measurements or [])
    dt = None if target.dt is None else float_bits(target.dt)
    return _hash([_TARGET_FORMAT, target.num_qubits, dt, grid, groups, operations])


def compile_key(
    circuit_fp: str, target_fp: str, level: int, seed: int | None, versions: Mapping[str, str]
) -> str:
    """Return the key under which a compiled circuit may be used again.

    Args:
        circuit_fp: Fingerprint of the abstract circuit.
        target_fp: Fingerprint of the target, with the compiler's options where there are any.
        level: Optimization level of the preset pass manager.
        seed: Seed of the transpiler; None is a compilation that nobody can repeat and is refused.
        versions: Package → version of everything that takes part in compiling.

    Raises:
        ValueError: There is no seed or no version.
    """
    if seed is None or not versions:
        message = (
            f"A compiled circuit is found again by seed and versions, given were seed {seed} and "
            f"versions {dict(versions)}. Pass the transpiler's seed and at least qiskit's version."
        )
        raise ValueError(message)
    return _hash(["compile/1", circuit_fp, target_fp, level, seed, dict(versions)])


def _target_operation(operation: Any) -> list[Any]:
    if inspect.isclass(operation):
        return ["class", operation.__name__]
    params = [
        number_bits(value) if isinstance(value, int | float) else None for value in operation.params
    ]
    return [operation.name, operation.num_qubits, operation.num_clbits, params]


def _qargs(qargs: Any) -> list[list[int]] | None:
    return None if qargs is None else sorted(list(qubits) for qubits in qargs)


def _hash(content: list[Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
