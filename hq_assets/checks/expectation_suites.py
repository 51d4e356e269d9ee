"""The Great Expectations suite of each stage, as plain data: a pure function of the stage and small facts.

List columns are judged by what `frame_columns.flatten` makes of them: `<column>_length`, and for numbers
`<column>_min`, `<column>_max`, `<column>_not_finite`, for the indices of a matrix `indices_0`, `indices_1`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hq_assets.checks import facts as known
from hq_assets.checks.expectations import (
    Expectation,
    Where,
    between,
    distinct_count,
    finite,
    in_set,
    matches,
    not_null,
    row_count,
    schema,
    share,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hq_assets.checks.facts import CheckFacts

USABLE = Where("status", known.USABLE)
EXPLAINED = Where("status", known.EXPLAINED)
OK = Where("status", ("ok",))
SHA256 = "^[0-9a-f]{64}$"
SEMVER = r"^\d+\.\d+\.\d+([-+].+)?$"
BITS = "^([01 ]*|rest)$"

ID_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "source": ("path",),
    "target": ("operation",),
    "profile": ("name",),
    "cleaned_features": ("record_id", "seed"),
    "encoded_inputs": ("circuit_id", "seed", "parameter_row"),
    "compiled_circuits": ("circuit_id", "role"),
    "job_receipts": ("idempotency_key",),
    "raw_counts": ("circuit_id", "seed", "execution", "register", "bitstring"),
    "normalized_results": ("name", "circuit_id", "seed", "indices_0", "indices_1", "label"),
    "baselines": ("method", "name", "seed", "record_id", "label"),
    "decisions": ("record_id", "seed"),
}
"""Stage → columns that name a row for people."""

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


def expectations_for(
    stage: str, facts: CheckFacts, previous_rows: int | None = None
) -> tuple[Expectation, ...]:
    """The suite of a stage.

    Args:
        stage: Name of the stage.
        facts: What the workload's file says.
        previous_rows: Rows of the stage before, where it bounds the rows of this one.

    Raises:
        KeyError: No suite is written for that stage.
    """
    if stage not in SUITES:
        message = f"no suite for stage '{stage}'; known are: {', '.join(SUITES)}"
        raise KeyError(message)
    return tuple(SUITES[stage](facts, previous_rows))


def _texts(*columns: str, where: Where | None = None) -> list[Expectation]:
    return [not_null(column, where) for column in columns]


def _source(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    del facts, previous_rows
    columns = {"schema_version": "text", "path": "text", "content_hash": "text", "size": "integer"}
    return [
        *schema({**columns, "ref": "text"}),
        row_count(1),
        *_texts("schema_version", "path", "content_hash", "size", "ref"),
        unique("path"),
        matches("content_hash", SHA256),
        between("size", 0, None),
        between("size", 1, None, severity="warning"),
        replace(between("records", 0, None), optional=True),
    ]


def _target(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    del facts, previous_rows
    return [
        *schema({"schema_version": "text", "operation": "text", "placements": "integer?"}),
        row_count(1),
        *_texts("schema_version", "operation"),
        unique("operation"),
        between("placements", 0, None),
    ]


def _profile(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    del facts, previous_rows
    columns = dict.fromkeys(("schema_version", "name", "method"), "text")
    return [
        *schema({**columns, "shots": "integer"}),
        row_count(1, 1),
        *_texts("schema_version", "name", "method", "shots"),
        in_set("method", known.METHODS),
        between("shots", 0, None),
    ]


def _cleaned_features(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    columns = {"schema_version": "text", "record_id": "text", "seed": "integer", "split": "text?"}
    values = dict.fromkeys(facts.value_columns, "number")
    suite = [
        *schema({**columns, "status": "text", "reason": "text?", **values}),
        row_count(1, previous_rows),
        *_texts("schema_version", "record_id", "seed", "status"),
        not_null("split", USABLE),
        not_null("reason", EXPLAINED),
        unique("record_id", "seed"),
        in_set("split", known.SPLITS),
        in_set("status", known.STATUSES),
    ]
    for column in facts.value_columns:
        suite += [not_null(column, USABLE), finite(column, USABLE)]
    return suite + _label(facts)


def _label(facts: CheckFacts) -> list[Expectation]:
    column = facts.label_column
    if column is None:
        return []
    train = Where("split", ("train",))
    suite = [not_null(column, train), distinct_count(column, 2, train)]
    if facts.label_values:
        suite.append(in_set(column, facts.label_values))
    low, high = facts.label_share
    return suite + [share(column, value, low, high, train) for value in facts.label_values]


def _encoded_inputs(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    columns = {"schema_version": "text", "circuit_id": "text", "seed": "integer", "split": "text?"}
    lists = {"parameter_row": "integer", "record_ids": "list", "values": "list?"}
    suite = [
        *schema({**columns, **lists, "status": "text", "reason": "text?"}),
        row_count(1, previous_rows if facts.one_row_per_record else None),
        *_texts("schema_version", "circuit_id", "seed", "parameter_row", "status"),
        not_null("reason", EXPLAINED),
        unique("circuit_id", "seed", "parameter_row"),
        between("parameter_row", 0, None),
        in_set("split", known.SPLITS),
        in_set("status", known.STATUSES),
        between("record_ids_length", 1, None, USABLE),
        not_null("values_length", USABLE),
        between("values_not_finite", None, 0, USABLE),
    ]
    if facts.encoding_range is not None:
        low, high = facts.encoding_range
        # Scaling into the range ends in float64 arithmetic: an end may be missed by a few units in the last place.
        slack = 1e-9 * max(abs(low), abs(high), 1.0)
        suite += [between("values_min", low - slack, None, USABLE)]
        suite += [between("values_max", None, high + slack, USABLE)]
    return suite


def _compiled_circuits(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    del facts, previous_rows
    texts = ("circuit_fingerprint", "compiled_fingerprint")
    counts = ("num_qubits", "depth", "two_qubit_gates", "abstract_depth", "abstract_two_qubit_gates")
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
        *_texts("schema_version", "circuit_id", "template_version", "role", "target_fingerprint", "status"),
        *_texts(*texts, *counts, "classical_bits", where=OK),
        not_null("reason", EXPLAINED),
        unique("circuit_id", "role", "target_fingerprint"),
        in_set("role", ("circuit", "overlap")),
        in_set("status", known.STATUSES),
        matches("template_version", SEMVER),
        between("num_qubits", 1, None, OK),
    ]
    return suite + [between(column, 0, None, OK) for column in (*counts[1:], "classical_bits")]


def _job_receipts(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    del facts, previous_rows
    texts = ("idempotency_key", "payload_fingerprint", "backend", "provider_job_id", "method", "request_id")
    columns = dict.fromkeys(("schema_version", *texts), "text")
    return [
        *schema({**columns, "pubs": "integer", "executions": "integer", "shots": "integer?"}),
        *_texts("schema_version", *texts, "pubs", "executions"),
        unique("idempotency_key"),
        unique("payload_fingerprint"),
        matches("payload_fingerprint", SHA256),
        in_set("method", known.METHODS),
        between("pubs", 1, None),
        between("executions", 1, None),
        between("shots", 0, None),
    ]


def _raw_counts(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    del facts, previous_rows
    texts = ("circuit_id", "register", "bitstring", "method", "tier", "idempotency_key")
    columns = dict.fromkeys(("schema_version", *texts), "text")
    numbers = {"seed": "integer", "execution": "integer", "count": "integer?", "weight": "number?"}
    return [
        *schema({**columns, **numbers, "shots": "integer", "shots_returned": "integer"}),
        *_texts("schema_version", *texts, "seed", "execution", "shots", "shots_returned"),
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


def _normalized_results(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    del facts, previous_rows
    return [
        *schema(RESULT_SCHEMA),
        *_texts("schema_version", "name", "seed", "value", "std", "tier"),
        unique("name", "circuit_id", "seed", "indices_0", "indices_1", "label"),
        finite("value"),
        finite("std"),
        between("std", 0, None),
        in_set("tier", known.TIERS),
    ]


def _baselines(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    del facts, previous_rows
    added = {"method": "text", "split": "text?", "quality": "number?", "record_id": "text?"}
    origin = ("tier", "backend", "calibration_id")
    quantity = {name: family for name, family in RESULT_SCHEMA.items() if name not in origin}
    return [
        *schema({**quantity, **added}),
        *_texts("schema_version", "name", "seed", "method"),
        finite("value"),
        finite("quality"),
        between("std", 0, None),
        in_set("split", known.SPLITS),
        replace(in_set("tier", known.TIERS), optional=True),
    ]


def _decisions(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    texts = ("record_id", "outcome", "tier", "profile")
    columns = dict.fromkeys(("schema_version", *texts), "text")
    confidence = ("confidence_kind", "confidence_method")
    nullable = ("label", "backend", "calibration_id", "reason", "baseline_ref", "baseline_label", *confidence)
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
        *_texts("schema_version", *texts, "seed", "published"),
        *_texts("label", "confidence_value", *confidence, where=decided),
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


SUITES: Mapping[str, Callable[[CheckFacts, int | None], list[Expectation]]] = {
    "source": _source,
    "target": _target,
    "profile": _profile,
    "cleaned_features": _cleaned_features,
    "encoded_inputs": _encoded_inputs,
    "compiled_circuits": _compiled_circuits,
    "job_receipts": _job_receipts,
    "raw_counts": _raw_counts,
    "normalized_results": _normalized_results,
    "baselines": _baselines,
    "decisions": _decisions,
}
"""Stage → its suite."""
