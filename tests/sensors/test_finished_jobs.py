"""The sensor of finished jobs: its judgement as a table, and its ticks over a real instance and ledger."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator

from hq_assets.stages.spec import WorkloadSpec
from resources.home import HomeResource
from resources.ledger.resource import LedgerResource
from resources.store.artifact import Artifact
from resources.store.io_manager import ArtifactIOManager
from resources.store.resource import StoreResource
from sensors.finished_jobs import (
    RECEIPTS_TAG,
    Observation,
    build_finished_jobs_sensor,
    judge,
)

# Dagster itself calls what it deprecates when a resource of a sensor has resources of its own.
pytestmark = pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run")
RAW = dg.AssetKey(["w", "raw_counts"])
RECEIPTS = dg.AssetKey(["w", "job_receipts"])


@pytest.mark.parametrize(
    ("seen", "due", "word"),
    [
        (Observation(receipts=9), True, "settled"),
        (Observation(receipts=9, counted=8), True, "settled"),
        (Observation(receipts=9, counted=9), False, "latest receipts"),
        (Observation(receipts=9, counted=8, planned=True), False, "under way"),
        (Observation(receipts=9, counted=8, unsettled=2), False, "2 job(s)"),
        (Observation(receipts=9, counted=8, failures=2), True, "settled"),
        (Observation(receipts=9, counted=8, failures=3), False, "3 runs failed"),
        (Observation(receipts=9, counted=8, cancelled=True), False, "cancelled"),
        (Observation(receipts=9, counted=9, failures=3, unsettled=1), False, "latest receipts"),
    ],
)
def test_the_judgement_follows_its_table(seen, due, word):
    verdict, reason = judge(seen)
    assert verdict is due
    assert word in reason


@dataclass
class World:
    """Receipts and counts as assets of a real job, a ledger, and the sensor's ticks."""

    instance: dg.DagsterInstance
    home: Path
    inline: bool = False
    failing: bool = False
    shots: int = 1
    last_run_keys: tuple = ()

    def __post_init__(self):
        home = HomeResource(folder=str(self.home))
        self.store = StoreResource(home=home)
        self.ledger = LedgerResource(home=home)

    def definitions(self):
        @dg.asset(key=RECEIPTS, io_manager_key="io_manager")
        def _job_receipts():
            frame = pl.DataFrame({"idempotency_key": ["k1", "k2"], "shots": [self.shots] * 2})
            return self.artifact("job_receipts", frame, {"inline": self.inline})

        @dg.asset(
            key=RAW, ins={"job_receipts": dg.AssetIn(key=RECEIPTS)}, io_manager_key="io_manager"
        )
        def _raw_counts(context, job_receipts):
            if self.failing:
                msg = "the backend answered nothing"
                raise dg.Failure(msg)
            return self.artifact("raw_counts", pl.DataFrame({"count": [self.shots]}), {})

        @dg.asset_check(asset=RAW, name="expectations", blocking=True)
        def _checked():
            return dg.AssetCheckResult(passed=True)

        return dg.Definitions(
            assets=[_job_receipts, _raw_counts],
            asset_checks=[_checked],
            executor=dg.in_process_executor,
            resources={"io_manager": ArtifactIOManager(store=self.store)},
        )

    def artifact(self, stage, frame, metadata):
        store = self.store.open()
        tables = {"rows": store.put_table(frame)}
        made = store.commit(
            Artifact(workload="w", stage=stage, schema_version="1.0", tables=tables)
        )
        return dg.MaterializeResult(
            value=made, data_version=dg.DataVersion(made.data_version), metadata=metadata
        )

    def submit(self):
        ledger = self.ledger.open()
        for key in ("k1", "k2"):
            job = ledger.intend(
                idempotency_key=key,
                payload_fingerprint="f",
                workload="w",
                backend="b",
                payload_ref="p.json",
            )
            if job.state == "intent":
                ledger.advance(key, job.version, "submitted", provider_job_id=key)

    def settle(self, key, state="completed"):
        ledger = self.ledger.open()
        ledger.advance(key, ledger.job(key).version, state)

    def run(self, keys, tags=None, start=True):
        job = self.definitions().resolve_implicit_global_asset_job_def()
        part = job.get_subset(asset_selection=set(keys))
        run = self.instance.create_run_for_job(
            part, run_id=str(uuid.uuid4()), asset_selection=frozenset(keys), tags=tags
        )
        return self.execute(run) if start else run

    def execute(self, run):
        job = self.definitions().resolve_implicit_global_asset_job_def()
        events = list(execute_run_iterator(InMemoryJob(job), run, self.instance))
        return [e for e in events if e.event_type_value == "ASSET_CHECK_EVALUATION"]

    def tick(self):
        sensor = build_finished_jobs_sensor([workload()])
        with dg.build_sensor_context(
            instance=self.instance,
            resources={"store": self.store, "ledger": self.ledger},
            definitions=self.definitions(),
        ) as context:
            return sensor.evaluate_tick(context)

    def requests(self):
        return self.tick().run_requests

    def follow(self):
        """Run what the sensor asks for, each run key once, as the daemon does."""
        done = []
        for request in self.requests():
            if request.run_key not in self.last_run_keys:
                self.last_run_keys += (request.run_key,)
                done.append(self.run(request.asset_selection, dict(request.tags)))
        return len(done)


def workload():
    return WorkloadSpec(
        name="w",
        folder=Path(),
        sources=(),
        kind="kernel_classification",
        problem={},
        profiles=(),
        default_profile=None,
        default_backend="ideal_aer",
        template_version="1.0.0",
        release_note="first",
    )


@pytest.fixture
def world(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield World(instance, tmp_path)


def test_without_receipts_nothing_is_asked_for(world):
    assert "no receipts yet" in world.tick().skip_message


def test_counts_are_asked_for_once_when_the_last_job_is_settled(world):
    world.submit()
    world.run([RECEIPTS])
    assert "2 job(s) not settled" in world.tick().skip_message
    world.settle("k1")
    assert "1 job(s) not settled" in world.tick().skip_message
    world.settle("k2", "failed")
    [request] = world.requests()
    assert request.asset_selection == [RAW]
    assert request.tags["hq/trigger"] == "sensor"
    assert len(world.run(request.asset_selection, dict(request.tags))) == 1
    assert "latest receipts" in world.tick().skip_message


def test_an_inline_backend_settles_its_jobs_in_the_run_itself(world):
    world.inline = True
    world.run([RECEIPTS])
    assert world.follow() == 1
    assert world.follow() == 0


def test_a_job_that_the_ledger_does_not_know_is_not_settled(world):
    world.run([RECEIPTS])
    assert "2 job(s) not settled" in world.tick().skip_message


def test_receipts_that_re_emit_their_version_ask_again(world):
    world.inline = True
    world.run([RECEIPTS])
    assert world.follow() == 1
    world.run([RECEIPTS])
    assert world.follow() == 1
    assert world.requests() == []


def test_a_run_under_way_is_not_asked_for_a_second_time(world):
    world.inline = True
    world.run([RECEIPTS])
    run = world.run([RAW], start=False)
    assert "under way" in world.tick().skip_message
    world.execute(run)
    assert "latest receipts" in world.tick().skip_message


def test_receipts_that_are_about_to_be_replaced_are_not_counted(world):
    world.inline = True
    world.run([RECEIPTS])
    world.run([RECEIPTS], start=False)
    assert "under way" in world.tick().skip_message


def test_three_failed_runs_for_the_same_receipts_are_enough(world):
    world.inline = True
    world.failing = True
    world.run([RECEIPTS])
    assert [world.follow() for _ in range(5)] == [1, 1, 1, 0, 0]
    assert "3 runs failed" in world.tick().skip_message
    world.run([RECEIPTS])
    world.failing = False
    assert world.follow() == 1


def test_a_cancelled_run_is_left_to_a_person(world):
    world.inline = True
    world.run([RECEIPTS])
    [request] = world.requests()
    run = world.run([RAW], dict(request.tags), start=False)
    world.instance.report_run_canceled(run)
    assert "cancelled" in world.tick().skip_message


def test_counts_written_late_from_older_receipts_are_made_again(world):
    world.inline = True
    world.run([RECEIPTS])
    first = world.instance.fetch_materializations(RECEIPTS, limit=1).records[0].storage_id
    world.run([RECEIPTS])
    # A run that began before the second receipts and ended after them.
    late = dg.AssetMaterialization(
        RAW,
        tags={
            "dagster/data_version": "v",
            "dagster/input_event_pointer/w/job_receipts": str(first),
        },
    )
    world.instance.report_runless_asset_event(late)
    assert world.follow() == 1


def test_a_run_records_from_which_receipts_its_counts_are(world):
    world.run([RECEIPTS])
    world.run([RAW])
    receipts = world.instance.fetch_materializations(RECEIPTS, limit=1).records[0].storage_id
    counts = world.instance.fetch_materializations(RAW, limit=1).records[0].asset_materialization
    assert counts.tags["dagster/input_event_pointer/w/job_receipts"] == str(receipts)


def test_receipts_that_the_store_lost_are_said_and_stop_nothing_else(world):
    tags = {"dagster/data_version": "0" * 64}
    world.instance.report_runless_asset_event(dg.AssetMaterialization(RECEIPTS, tags=tags))
    assert "w: skipped: " in world.tick().skip_message


def test_the_requested_run_carries_the_receipts_it_was_asked_for(world):
    world.inline = True
    world.run([RECEIPTS])
    world.follow()
    storage_id = world.instance.fetch_materializations(RECEIPTS, limit=1).records[0].storage_id
    filters = dg.RunsFilter(tags={RECEIPTS_TAG: f"w@{storage_id}"})
    assert world.instance.get_runs_count(filters) == 1
