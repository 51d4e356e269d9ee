"""Locks of runs: dead ones are ended, and one that vanishes meanwhile disturbs nobody."""

from pathlib import Path

import dagster as dg

from hq_assets.cli.instance import open_instance
from hq_assets.cli.run_locks import end_dead_runs, running
from resources.home import hq_home


def test_a_lock_that_its_run_removes_meanwhile_is_passed_over(monkeypatch):
    folder = hq_home() / "runs"
    folder.mkdir(parents=True)
    listed = Path.glob

    def listed_before_it_went(path, pattern):
        return [*listed(path, pattern), folder / "ended.lock"]

    with open_instance() as instance:
        monkeypatch.setattr(Path, "glob", listed_before_it_went)
        assert end_dead_runs(instance) == []


def test_a_run_that_holds_its_lock_is_left_alone():
    with open_instance() as instance:
        run = instance.create_run_for_job(_job())
        with running(run.run_id):
            assert end_dead_runs(instance) == []
        assert not instance.get_run_by_id(run.run_id).is_finished


def test_a_run_whose_process_is_gone_is_ended():
    with open_instance() as instance:
        run = instance.create_run_for_job(_job())
        (hq_home() / "runs").mkdir(parents=True, exist_ok=True)
        (hq_home() / "runs" / f"{run.run_id}.lock").touch()
        assert end_dead_runs(instance) == [run.run_id]
        assert instance.get_run_by_id(run.run_id).is_failure


def _job():
    @dg.op
    def nothing():
        return 1

    @dg.job
    def job():
        nothing()

    return job
