"""Judgements on `target`: the backend states who it is and what it accepts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hq_assets.checks.judgement import Judgement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Name, fingerprint and limits of the backend are there."""
    del facts
    return [backend_is_stated(evidence.facts_of("target"))]


def backend_is_stated(stated: Mapping[str, Any]) -> Judgement:
    """A name, a SHA-256 of structure and options, and at least one qubit."""
    qubits = (stated.get("limits") or {}).get("num_qubits") or 0
    problems = []
    if not stated.get("backend"):
        problems.append({"field": "backend", "reason": "no name"})
    if not re.fullmatch(r"[0-9a-f]{64}", str(stated.get("target_fingerprint"))):
        problems.append({"field": "target_fingerprint", "reason": "no SHA-256"})
    if qubits < 1:
        problems.append({"field": "limits.num_qubits", "reason": f"{qubits} qubits"})
    lacking = f", wrong: {', '.join(entry['field'] for entry in problems)}" if problems else ""
    summary = f"{stated.get('backend') or 'unnamed'} with {qubits} qubits{lacking}"
    return Judgement(
        "backend_is_stated", not problems, "critical", summary, problems, {"num_qubits": qubits}
    )
