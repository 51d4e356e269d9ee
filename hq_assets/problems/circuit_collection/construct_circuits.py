"""Verb `construct_circuits`: the files' circuits, measured by the rule, or the reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_assets.problems.circuit_collection.encode import USABLE
from hq_assets.problems.circuit_collection.parsing import parse
from hq_assets.problems.circuit_collection.preparation import prepare
from hq_assets.problems.circuit_collection.refusal import RefusedError
from hq_assets.problems.contract import CircuitTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit import QuantumCircuit

    from hq_assets.problems.circuit_collection.settings import Settings
    from hq_assets.problems.contract import Encoded


def construct_circuits(encoded: Encoded, settings: Settings) -> list[CircuitTemplate]:
    """Rebuild one template per circuit, in the order of the circuits table.

    Only circuits that the quarantine accepted are parsed here; the others keep their reason.

    Raises:
        ValueError: The encoded inputs carry no circuits.
    """
    if encoded.circuits is None:
        message = "the encoded inputs have no table of circuits; encode the collection again"
        raise ValueError(message)
    parsed: dict[str, list[QuantumCircuit]] = {}
    return [
        template(row, parsed, settings) for row in encoded.circuits.collect().iter_rows(named=True)
    ]


def template(
    row: Mapping[str, Any], parsed: dict[str, list[QuantumCircuit]], settings: Settings
) -> CircuitTemplate:
    """Template of one circuit; files are parsed once and kept in `parsed` by path."""
    circuit_id, path = row["circuit_id"], row["path"]
    if row["status"] not in USABLE:
        return CircuitTemplate(circuit_id, None, status=row["status"], reason=row["reason"])
    try:
        if path not in parsed:
            parsed[path] = parse(row["format"], row["content"], settings)
        prepared = prepare(parsed[path][row["position"]], circuit_id, settings)
    except RefusedError as refusal:
        return CircuitTemplate(circuit_id, None, status=refusal.status, reason=refusal.reason)
    names = [parameter.name for parameter in prepared.circuit.parameters]
    return CircuitTemplate(circuit_id, prepared.circuit, names, reason=row["reason"])
