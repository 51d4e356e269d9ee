"""Suites of the stages that hold data: source, target, profile, cleaned features, encoded inputs.

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
    distinct_count,
    finite,
    in_set,
    matches,
    not_null,
    not_nulls,
    row_count,
    schema,
    share,
    unique,
)

if TYPE_CHECKING:
    from hq_assets.checks.facts import CheckFacts

USABLE = Where("status", known.USABLE)
EXPLAINED = Where("status", known.EXPLAINED)


def source(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Files: named once, hashed, not negative in size."""
    del facts, previous_rows
    columns = {"schema_version": "text", "path": "text", "content_hash": "text", "size": "integer"}
    return [
        *schema({**columns, "ref": "text"}),
        row_count(1),
        *not_nulls("schema_version", "path", "content_hash", "size", "ref"),
        unique("path"),
        matches("content_hash", SHA256),
        between("size", 0, None),
        between("size", 1, None, severity="warning"),
        replace(between("records", 0, None), optional=True),
    ]


def target(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Operations of the backend, each once."""
    del facts, previous_rows
    return [
        *schema({"schema_version": "text", "operation": "text", "placements": "integer?"}),
        row_count(1),
        *not_nulls("schema_version", "operation"),
        unique("operation"),
        between("placements", 0, None),
    ]


def profile(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """One profile with a known method."""
    del facts, previous_rows
    columns = dict.fromkeys(("schema_version", "name", "method"), "text")
    return [
        *schema({**columns, "shots": "integer"}),
        row_count(1, 1),
        *not_nulls("schema_version", "name", "method", "shots"),
        in_set("method", known.METHODS),
        between("shots", 0, None),
    ]


def cleaned_features(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Records: identity, split, status with reason, finite values, classes."""
    columns = {"schema_version": "text", "record_id": "text", "seed": "integer", "split": "text?"}
    values = dict.fromkeys(facts.value_columns, "number")
    suite = [
        *schema({**columns, "status": "text", "reason": "text?", **values}),
        row_count(1, previous_rows),
        *not_nulls("schema_version", "record_id", "seed", "status"),
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


def encoded_inputs(facts: CheckFacts, previous_rows: int | None) -> list[Expectation]:
    """Parameter rows: identity, finite values in the range of the encoding."""
    columns = {"schema_version": "text", "circuit_id": "text", "seed": "integer", "split": "text?"}
    lists = {"parameter_row": "integer", "record_ids": "list", "values": "list?"}
    suite = [
        *schema({**columns, **lists, "status": "text", "reason": "text?"}),
        row_count(1, previous_rows if facts.one_row_per_record else None),
        *not_nulls("schema_version", "circuit_id", "seed", "parameter_row", "status"),
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
        # Scaling ends in float64 arithmetic: an end may be missed by a few units in the last place.
        slack = 1e-9 * max(abs(low), abs(high), 1.0)
        suite += [between("values_min", low - slack, None, USABLE)]
        suite += [between("values_max", None, high + slack, USABLE)]
    return suite
