"""The Great Expectations suite of each stage: a pure function of the stage and small facts.

List columns are judged by what `frame_columns.flatten` makes of them: `<column>_length`, for
numbers also `<column>_min`, `<column>_max`, `<column>_not_finite`, for indices `indices_0` and
`indices_1`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.checks import data_suites, execution_suites

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hq_assets.checks.expectations import Expectation
    from hq_assets.checks.facts import CheckFacts

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


SUITES: Mapping[str, Callable[[CheckFacts, int | None], list[Expectation]]] = {
    "source": data_suites.source,
    "target": data_suites.target,
    "profile": data_suites.profile,
    "cleaned_features": data_suites.cleaned_features,
    "encoded_inputs": data_suites.encoded_inputs,
    "compiled_circuits": execution_suites.compiled_circuits,
    "job_receipts": execution_suites.job_receipts,
    "raw_counts": execution_suites.raw_counts,
    "normalized_results": execution_suites.normalized_results,
    "baselines": execution_suites.baselines,
    "decisions": execution_suites.decisions,
}
"""Stage → its suite."""
