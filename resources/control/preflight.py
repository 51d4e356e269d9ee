"""Preflight: everything that can be known before a job leaves is compared with what is needed.

Plain functions return one item per question, so that a refusal names every reason at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from resources.backends.contract import BackendError, ErrorClass
from resources.control.circuit_facts import TargetFacts, coupling_kind, target_facts
from resources.control.payload import payload_bytes, value_range

if TYPE_CHECKING:
    from resources.backends.contract import Backend, Blobs, ExecutionRequest, Limits
    from resources.control.payload import ValueRange

DEVICE_ITEM = "target fingerprint"
DATA_ITEMS = frozenset({"encoding range"})
NOT_TRANSLATED = frozenset({"barrier", "break_loop", "continue_loop", "store", "measure", "reset"})
"""Operations that need no gate of the target; measurement and reset are asked of the limits."""


class PreflightItem(NamedTuple):
    """One question of the preflight and its answer."""

    item: str
    ok: bool
    given: str
    needed: str

    def __str__(self) -> str:
        return f"{self.item}: {self.given}, needed {self.needed}"


def preflight(
    circuits: Iterable[Mapping[str, Any]],
    request: ExecutionRequest,
    limits: Limits,
    assumptions: Mapping[str, Any],
    *,
    target: TargetFacts | None = None,
    target_fingerprint: str | None = None,
    payload_bytes: int | None = None,
    values: ValueRange | None = None,
    encoding_range: tuple[float, float] | None = None,
) -> list[PreflightItem]:
    """Answer all questions of a request; nothing is raised.

    Args:
        circuits: Facts of each ISA circuit, as `circuit_facts` returns them; facts that are absent
            are not asked.
        request: What is to leave.
        limits: What the backend accepts.
        assumptions: What the workload expects of any target (`backend_assumptions`).
        target: Instructions and connectivity in force.
        target_fingerprint: Fingerprint of the target in force.
        payload_bytes: Size of the request with all that it refers to.
        values: Range of the parameter values.
        encoding_range: Range that the encoding is made for, bounds included.
    """
    items = request_items(request, limits, target_fingerprint, payload_bytes)
    for facts in circuits:
        items += preflight_circuit(facts, limits, assumptions, target)
    if target is not None:
        items += target_items(target, assumptions)
    if values is not None:
        items.append(_range_item(values, encoding_range))
    return items


def preflight_circuit(
    facts: Mapping[str, Any],
    limits: Limits,
    assumptions: Mapping[str, Any],
    target: TargetFacts | None = None,
) -> list[PreflightItem]:
    """Questions about one ISA circuit: width, registers, depth, gates, mapping, control flow."""
    items = [
        _at_most("qubits", _width(facts), limits.num_qubits),
        _at_most("depth", facts.get("depth"), assumptions.get("max_depth")),
        _at_most(
            "two-qubit gates", facts.get("two_qubit_gates"), assumptions.get("max_two_qubit_gates")
        ),
        _registers(facts),
        _offered("control flow", facts.get("control_flow"), limits.supports_control_flow),
        _offered(
            "mid-circuit measurement",
            facts.get("mid_circuit_measurement"),
            limits.supports_mid_circuit_measurement,
        ),
    ]
    if target is not None:
        items += [_native(facts, target), _mapping(facts, target)]
    return [item for item in items if item is not None]


def target_items(target: TargetFacts, assumptions: Mapping[str, Any]) -> list[PreflightItem]:
    """Questions about the target alone: what the workload assumes of any."""
    items = []
    least = assumptions.get("min_qubits")
    if least is not None and target.num_qubits is not None:
        ok = target.num_qubits >= least
        items.append(
            PreflightItem("target qubits", ok, str(target.num_qubits), f"at least {least}")
        )
    wanted = assumptions.get("native_gates")
    if wanted:
        absent = sorted(set(wanted) - set(target.placements))
        given = f"without {', '.join(absent)}" if absent else "all offered"
        items.append(PreflightItem("required native gates", not absent, given, ", ".join(wanted)))
    coupling = assumptions.get("coupling") or "any"
    if coupling != "any":
        kind = coupling_kind(target)
        ok = kind in {"all_to_all", coupling}
        items.append(PreflightItem("coupling map", ok, kind, coupling))
    return items


def request_items(
    request: ExecutionRequest,
    limits: Limits,
    target_fingerprint: str | None = None,
    payload_bytes: int | None = None,
) -> list[PreflightItem]:
    """Questions about a request: pubs, shots, executions, size, overlaps, unchanged target."""
    executions = sum(pub.executions for pub in request.pubs)
    items = [
        PreflightItem("pubs", bool(request.pubs), str(len(request.pubs)), "at least 1"),
        _shots(request, limits),
        _at_most("executions per job", executions, limits.max_executions_per_job),
        _at_most("payload bytes", payload_bytes, limits.max_payload_bytes),
        _offered(
            "exact overlaps",
            any(pub.operation == "overlaps" for pub in request.pubs),
            limits.offers_overlaps,
        ),
    ]
    if target_fingerprint is not None:
        ok = request.target_fingerprint == target_fingerprint
        given, needed = request.target_fingerprint[:16], target_fingerprint[:16]
        items.append(PreflightItem(DEVICE_ITEM, ok, f"compiled for {given}", needed))
    return [item for item in items if item is not None]


def failing(items: Iterable[PreflightItem]) -> list[str]:
    """The reasons of a refusal, one per failing item, without repetitions."""
    return list(dict.fromkeys(str(item) for item in items if not item.ok))


def require(items: Sequence[PreflightItem]) -> None:
    """Refuse what fails.

    Raises:
        BackendError: Names every failing item. Class `device_changed` where the target is another
            than the circuits were compiled for, `data` where only values are wrong, else
            `structural`.
    """
    reasons = failing(items)
    if not reasons:
        return
    names = {item.item for item in items if not item.ok}
    error_class: ErrorClass = "structural"
    advice = "Change the workload's settings or choose another backend."
    if DEVICE_ITEM in names:
        error_class = "device_changed"
        advice = "Materialize target and compiled_circuits again."
    elif names <= DATA_ITEMS:
        error_class = "data"
        advice = "Correct the encoded inputs."
    message = f"Preflight refused the job: {'; '.join(reasons)}. {advice}"
    raise BackendError(error_class=error_class, message=message)


def preflight_request(
    request: ExecutionRequest,
    backend: Backend,
    *,
    blobs: Blobs | None = None,
    circuits: Iterable[Mapping[str, Any]] = (),
    assumptions: Mapping[str, Any] | None = None,
    encoding_range: tuple[float, float] | None = None,
) -> list[PreflightItem]:
    """Ask all questions of a request at its backend and refuse it if one fails.

    With `blobs` the payload is measured and its parameter values are looked at.

    Raises:
        BackendError: As `require`.
    """
    items = [
        PreflightItem("backend", request.backend == backend.name, request.backend, backend.name),
        *preflight(
            circuits,
            request,
            backend.limits(),
            assumptions or {},
            target=target_facts(backend.target()) if assumptions or circuits else None,
            target_fingerprint=backend.target_fingerprint(),
            payload_bytes=None if blobs is None else payload_bytes(blobs, request),
            values=None if blobs is None else value_range(blobs, request),
            encoding_range=encoding_range,
        ),
    ]
    require(items)
    return items


def _width(facts: Mapping[str, Any]) -> int | None:
    """Qubits needed: an ISA circuit is as wide as its target, so only the used ones count."""
    active = facts.get("active_qubits")
    return facts.get("num_qubits") if active is None else max(active, default=-1) + 1


def _at_most(item: str, given: int | None, limit: int | None) -> PreflightItem | None:
    if given is None or limit is None:
        return None
    return PreflightItem(item, given <= limit, f"{given:,}", f"at most {limit:,}")


def _offered(item: str, used: bool | None, offered: bool) -> PreflightItem | None:
    if used is None:
        return None
    return PreflightItem(
        item, offered or not used, "used" if used else "not used", "offered" if offered else "none"
    )


def _registers(facts: Mapping[str, Any]) -> PreflightItem | None:
    registers = facts.get("registers")
    if registers is None:
        return None
    measured = facts.get("measured", True)
    bits = sum(registers.values())
    given = ", ".join(f"{name}[{size}]" for name, size in registers.items()) or "none"
    if not measured:
        given += ", nothing measured"
    return PreflightItem("registers", bits > 0 and measured, given, "a register that is measured")


def _native(facts: Mapping[str, Any], target: TargetFacts) -> PreflightItem | None:
    operations = facts.get("operations")
    if operations is None:
        return None
    foreign = sorted(set(operations) - set(target.placements) - NOT_TRANSLATED)
    offered = sorted(target.placements)
    needed = ", ".join(offered[:12]) + (", …" if len(offered) > 12 else "")  # noqa: PLR2004 - a line's worth
    return PreflightItem("native gates", not foreign, ", ".join(foreign or operations), needed)


def _mapping(facts: Mapping[str, Any], target: TargetFacts) -> PreflightItem | None:
    placements = facts.get("placements")
    if placements is None:
        return None
    wrong = [
        f"{name}{tuple(qubits)}"
        for name, qubits in placements
        if name != "barrier" and not target.allows((name, tuple(qubits)))
    ]
    given = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")  # noqa: PLR2004 - a line's worth
    return PreflightItem("mapping", not wrong, given or "on coupled qubits", "the coupling map")


def _shots(request: ExecutionRequest, limits: Limits) -> PreflightItem | None:
    if not request.pubs:
        return None
    shots = [pub.shots for pub in request.pubs]
    least = 0 if request.method == "exact" else 1
    ok = min(shots) >= least
    needed = f"at least {least} for method {request.method}"
    if limits.max_shots is not None:
        ok = ok and max(shots) <= limits.max_shots
        needed += f", at most {limits.max_shots:,}"
    given = f"{min(shots):,}" if min(shots) == max(shots) else f"{min(shots):,} to {max(shots):,}"
    return PreflightItem("shots", ok, given, needed)


def _range_item(values: ValueRange, encoding_range: tuple[float, float] | None) -> PreflightItem:
    low, high = encoding_range or (-math.inf, math.inf)
    inside = values.low > values.high or (low <= values.low and values.high <= high)
    given = f"[{values.low:.6g}, {values.high:.6g}]"
    if values.not_finite:
        given += f" and {values.not_finite} not finite"
    return PreflightItem(
        "encoding range",
        inside and values.not_finite == 0,
        given,
        f"finite in [{low:.6g}, {high:.6g}]",
    )
