"""Suites of the stages that hold circuits, jobs and results.

List columns are judged by what `frame_columns.flatten` makes of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hq_assets.checks import facts as known
from hq_assets.checks.expectations import (
    SHA256,
    Expectation,
    Where,
    between,
    finite,
    in_set,
    matches,
    not_null,
    not_nulls,
    row_count,
    schema,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hq_assets.checks.facts import CheckFacts

EXPLAINED = Where("status", known.EXPLAINED)
OK = Where("status", ("ok",))
SEMVER = r"^\d+\.\d+\.\d+([-+].+)?$"
BITS = "^([01 ]*|rest)$"

RESULT_SCHEMA: Mapping[str, str] = {
    "schema_version": "text",
    "name": "text",
    "circuit_id": "text?",
    "seed": "integer",
    "indices": "list?",
    "label": "text?",
    "value": "number?",
    "std": "number?",
    "tier": "text",
    "backend": "text?",
    "calibration_id": "text?",
}


def compiled_circuits(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Circuits: identity, fingerprints and figures of the good ones, reasons of the others."""
    del facts, previous_rows
    texts = ("circuit_fingerprint", "compiled_fingerprint")
    counts = (
        "num_qubits",
        "depth",
        "two_qubit_gates",
        "abstract_depth",
        "abstract_two_qubit_gates",
    )
    columns = dict.fromkeys(("schema_version", "circuit_id", "template_version", "role"), "text")
    suite = [
        *schema(
            {
                **columns,
                **dict.fromkeys(texts, "text?"),
                "target_fingerprint": "text",
                **dict.fromkeys((*counts, "classical_bits"), "integer?"),
                "parameters": "list?",
                "status": "text",
                "reason": "text?",
            }
        ),
        row_count(1),
        *not_nulls(
            "schema_version",
            "circuit_id",
            "template_version",
            "role",
            "target_fingerprint",
            "status",
        ),
        *not_nulls(*texts, *counts, "classical_bits", where=OK),
        not_null("reason", EXPLAINED),
        unique("circuit_id", "role", "target_fingerprint"),
        in_set("role", ("circuit", "overlap")),
        in_set("status", known.STATUSES),
        matches("template_version", SEMVER),
        between("num_qubits", 1, None, OK),
    ]
    return suite + [between(column, 0, None, OK) for column in (*counts[1:], "classical_bits")]


def job_receipts(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Receipts: keys and payloads once, known method, at least one execution."""
    del facts, previous_rows
    texts = (
        "idempotency_key",
        "payload_fingerprint",
        "backend",
        "provider_job_id",
        "method",
        "request_id",
    )
    columns = dict.fromkeys(("schema_version", *texts), "text")
    return [
        *schema({**columns, "pubs": "integer", "executions": "integer", "shots": "integer?"}),
        *not_nulls("schema_version", *texts, "pubs", "executions"),
        unique("idempotency_key"),
        unique("payload_fingerprint"),
        matches("payload_fingerprint", SHA256),
        in_set("method", known.METHODS),
        between("pubs", 1, None),
        between("executions", 1, None),
        between("shots", 0, None),
    ]


def raw_counts(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Outcomes: identity, bits, counts and weights, known method and tier."""
    del facts, previous_rows
    texts = ("circuit_id", "register", "bitstring", "method", "tier", "idempotency_key")
    columns = dict.fromkeys(("schema_version", *texts), "text")
    numbers = {"seed": "integer", "execution": "integer", "count": "integer?", "weight": "number?"}
    return [
        *schema({**columns, **numbers, "shots": "integer", "shots_returned": "integer"}),
        *not_nulls("schema_version", *texts, "seed", "execution", "shots", "shots_returned"),
        unique("circuit_id", "seed", "execution", "register", "bitstring"),
        matches("bitstring", BITS),
        between("execution", 0, None),
        between("count", 0, None),
        finite("weight"),
        between("shots", 0, None),
        between("shots_returned", 0, None),
        in_set("method", known.METHODS),
        in_set("tier", known.TIERS),
    ]


def normalized_results(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Quantities: identity, finite value, standard error, known tier."""
    del facts, previous_rows
    return [
        *schema(RESULT_SCHEMA),
        *not_nulls("schema_version", "name", "seed", "value", "std", "tier"),
        unique("name", "circuit_id", "seed", "indices_0", "indices_1", "label"),
        finite("value"),
        finite("std"),
        between("std", 0, None),
        in_set("tier", known.TIERS),
    ]


def baselines(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Quantities of classical methods with their quality."""
    del facts, previous_rows
    added = {"method": "text", "split": "text?", "quality": "number?", "record_id": "text?"}
    origin = ("tier", "backend", "calibration_id")
    quantity = {name: family for name, family in RESULT_SCHEMA.items() if name not in origin}
    return [
        *schema({**quantity, **added}),
        *not_nulls("schema_version", "name", "seed", "method"),
        finite("value"),
        finite("quality"),
        between("std", 0, None),
        in_set("split", known.SPLITS),
        replace(in_set("tier", known.TIERS), optional=True),
    ]


def decisions(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Decisions: identity, outcome, confidence, reasons of abstentions, known tier."""
    texts = ("record_id", "outcome", "tier", "profile")
    columns = dict.fromkeys(("schema_version", *texts), "text")
    confidence = ("confidence_kind", "confidence_method")
    nullable = (
        "label",
        "backend",
        "calibration_id",
        "reason",
        "baseline_ref",
        "baseline_label",
        *confidence,
    )
    decided = Where("outcome", ("action", "recommendation"))
    suite = [
        *schema(
            {
                **columns,
                **dict.fromkeys(nullable, "text?"),
                "seed": "integer",
                "published": "flag",
                **dict.fromkeys(("score", "confidence_value"), "number?"),
            }
        ),
        row_count(1, previous_rows if facts.one_row_per_record else None),
        *not_nulls("schema_version", *texts, "seed", "published"),
        *not_nulls("label", "confidence_value", *confidence, where=decided),
        not_null("reason", Where("outcome", ("abstain", "retrain"))),
        unique("record_id", "seed"),
        in_set("outcome", known.OUTCOMES),
        in_set("tier", known.TIERS),
        finite("score"),
        finite("confidence_value"),
    ]
    if facts.label_values:
        suite.append(in_set("label", facts.label_values))
    return suite
