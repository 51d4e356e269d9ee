"""The schedules: each moment that is due is asked for once, and the job does its work."""

import itertools
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from hq_assets.jobs import DAY_SECONDS, HOUSEKEEPING, build_jobs
from hq_assets.schedules import build_schedules
from resources.home import HomeResource
from resources.store.resource import StoreResource


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as fresh:
        yield fresh


def ask_between(schedule, instance, start, end):
    """Advance a clock from start to end; returns each due moment with its number of requests."""
    cron, zone = schedule.cron_schedule, schedule.execution_timezone
    asked = []
    for moment in schedule_execution_time_iterator(start.timestamp(), cron, zone):
        if moment > end:
            break
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=moment)
        asked.append((moment, len(schedule.evaluate_tick(context).run_requests)))
    return asked


def test_each_due_moment_is_asked_for_once_a_day(instance):
    [schedule] = build_schedules(build_jobs())
    start = datetime(2026, 3, 28, tzinfo=UTC)
    asked = ask_between(schedule, instance, start, start + timedelta(days=5))
    moments = [moment for moment, _ in asked]
    assert [count for _, count in asked] == [1] * 5
    assert {second - first for first, second in itertools.pairwise(moments)} == {timedelta(days=1)}


def test_the_schedule_runs_its_job_without_being_switched_on():
    [schedule] = build_schedules(build_jobs())
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job.name == HOUSEKEEPING


def test_a_schedule_needs_its_job():
    with pytest.raises(KeyError):
        build_schedules([])


# Dagster itself calls what it deprecates when a resource has resources of its own.
@pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run")
def test_housekeeping_sweeps_only_temporaries_older_than_a_day(instance, tmp_path):
    resource = StoreResource(home=HomeResource(folder=str(tmp_path)))
    store = resource.open()
    kept = store.put_blob(b"content", "bin")
    incoming = Path(store.root) / "incoming"
    old, new = incoming / "1-a.tmp", incoming / "1-b.tmp"
    long_ago = time.time() - DAY_SECONDS - 60
    for path in (old, new):
        path.write_bytes(b"half")
    for path in (old, store.local_path(kept)):
        os.utime(path, (long_ago, long_ago))
    [job] = build_jobs()
    result = job.execute_in_process(instance=instance, resources={"store": resource})
    assert result.output_for_node("sweep_temporaries") == 1
    assert [old.exists(), new.exists()] == [False, True]
    assert store.get_blob(kept) == b"content"
