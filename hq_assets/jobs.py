"""Jobs across workloads: upkeep of the installation. Jobs of one workload stand with its component."""

from collections.abc import Sequence

import dagster as dg

HOUSEKEEPING = "housekeeping"
DAY_SECONDS = 86_400.0
"""A temporary file this old belongs to no writer that still lives."""


@dg.op(
    description="Remove what killed writers left behind in the store; artifacts are never touched.",
    required_resource_keys={"store"},
)
def sweep_temporaries(context: dg.OpExecutionContext) -> int:
    """Number of temporary files removed."""
    removed = context.resources.store.open().sweep_temporaries(DAY_SECONDS)
    context.log.info("%d temporary file(s) older than a day removed from the store", removed)
    context.add_output_metadata({"removed": removed})
    return removed


def build_jobs() -> Sequence[dg.JobDefinition]:
    """The jobs across workloads."""

    @dg.job(name=HOUSEKEEPING, description="Daily upkeep: sweep temporaries of the store.")
    def _housekeeping() -> None:
        sweep_temporaries()

    return [_housekeeping]
