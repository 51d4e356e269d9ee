"""Schedules across workloads. The nightly schedule of a workload stands with its component."""

from collections.abc import Sequence

import dagster as dg

from hq_assets.jobs import HOUSEKEEPING

HOUSEKEEPING_CRON = "30 4 * * *"
"""After the nightly runs of the workloads."""


def build_schedules(jobs: Sequence[dg.JobDefinition]) -> Sequence[dg.ScheduleDefinition]:
    """The schedules of the given jobs, by job name.

    Raises:
        KeyError: The housekeeping job is not among them.
    """
    by_name = {job.name: job for job in jobs}
    return [
        dg.ScheduleDefinition(
            name=f"{HOUSEKEEPING}_daily",
            job=by_name[HOUSEKEEPING],
            cron_schedule=HOUSEKEEPING_CRON,
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Sweeps temporaries of the store once a day.",
        )
    ]
