"""The automation conditions over several ticks, on a graph of the stages' shape and a real instance."""

import hashlib
import logging
import uuid
from dataclasses import dataclass, field

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator

from hq_assets.stages.automation import check_condition, stage_condition
from hq_assets.stages.spec import STAGES, UPSTREAM

UPPER = ["cleaned_features", "encoded_inputs", "compiled_circuits", "job_receipts", "baselines"]
LOWER = ["normalized_results", "decisions"]
CHECK = "expectations"


def key(stage):
    return dg.AssetKey(["w", stage])


def data_version(instance, stage):
    event = instance.get_latest_materialization_event(key(stage))
    return event.asset_materialization.tags["dagster/data_version"]


@dataclass
class World:
    """The graph, its instance and the daemon's cursor; what the stages do can be changed between runs."""

    instance: dg.DagsterInstance
    source: str = "v1"
    code: dict[str, str] = field(default_factory=dict)
    fixed_version: dict[str, str] = field(default_factory=dict)
    failing_checks: set[str] = field(default_factory=set)
    raising: set[str] = field(default_factory=set)
    cursor: object = None

    def definitions(self):
        return dg.Definitions(
            assets=[self._asset(stage) for stage in STAGES],
            asset_checks=[self._check(stage) for stage in STAGES],
            executor=dg.in_process_executor,
        )

    def _asset(self, stage):
        code = self.code.get(stage, "1")

        @dg.asset(
            key=key(stage),
            deps=[key(name) for name in UPSTREAM[stage]],
            code_version=code,
            automation_condition=stage_condition("w", stage),
        )
        def _stage(context):
            if stage in self.raising:
                raise dg.Failure(stage)
            inputs = [data_version(context.instance, name) for name in UPSTREAM[stage]]
            made = hashlib.sha256(repr((stage, code, inputs)).encode()).hexdigest()
            version = self.source if stage == "source" else self.fixed_version.get(stage, made)
            return dg.MaterializeResult(data_version=dg.DataVersion(version))

        return _stage

    def _check(self, stage):
        # A check that reads another asset too, as the real ones do, must not be moved by that one.
        also = [key("cleaned_features")] if stage == "baselines" else []

        @dg.asset_check(
            asset=key(stage),
            name=CHECK,
            blocking=True,
            additional_deps=also,
            automation_condition=check_condition(key(stage)),
        )
        def _checked():
            return dg.AssetCheckResult(passed=stage not in self.failing_checks)

        return _checked

    def tick(self):
        """Evaluate once; returns assets and checks asked for."""
        result = dg.evaluate_automation_conditions(
            defs=self.definitions(), instance=self.instance, cursor=self.cursor
        )
        self.cursor = result.cursor
        keys = [subset.key for subset in result._requested_subsets]
        assets = {k.path[1] for k in keys if isinstance(k, dg.AssetKey)}
        checks = {k.asset_key.path[1] for k in keys if isinstance(k, dg.AssetCheckKey)}
        return [stage for stage in STAGES if stage in assets], checks

    def report(self, version):
        """Report a source outside any run, as the sensor does."""
        self.source = version
        tags = {"dagster/data_version": version}
        self.instance.report_runless_asset_event(dg.AssetMaterialization(key("source"), tags=tags))

    def run(self, stages, checks=None):
        """Run stages with their checks, or with the checks named; returns the steps that started."""
        job = self.definitions().resolve_implicit_global_asset_job_def()
        check_keys = {dg.AssetCheckKey(key(stage), CHECK) for stage in checks or ()}
        run = dg.DagsterRun(
            job_name=job.name,
            run_id=str(uuid.uuid4()),
            asset_selection=frozenset(key(stage) for stage in stages),
            asset_check_selection=frozenset(check_keys) or None,
        )
        self.instance.add_run(run)
        return self.execute(job, run)

    def execute(self, job, run):
        events = execute_run_iterator(InMemoryJob(job), run, self.instance)
        return [
            e.step_key.removeprefix("w__") for e in events if e.event_type_value == "STEP_START"
        ]

    def plan(self, stages):
        """A run that is under way and has executed nothing yet."""
        job = self.definitions().resolve_implicit_global_asset_job_def()
        chosen = frozenset(key(stage) for stage in stages)
        part = job.get_subset(asset_selection=chosen)
        run = self.instance.create_run_for_job(
            part, asset_selection=chosen, status=dg.DagsterRunStatus.STARTING
        )
        return job, run

    def follow(self):
        """Tick and run what the tick asked for; returns the stages."""
        stages, checks = self.tick()
        if stages or checks:
            self.run(stages, checks)
        return stages


@pytest.fixture
def world():
    # Formatting the evaluator's debug lines takes as long as the evaluation.
    logging.getLogger("dagster").setLevel(logging.WARNING)
    with dg.DagsterInstance.ephemeral() as instance:
        filled = World(instance)
        filled.run(STAGES)
        assert filled.tick() == ([], set())
        yield filled


def test_a_filled_graph_asks_for_nothing_on_quiet_ticks(world):
    assert [world.tick() for _ in range(3)] == [([], set())] * 3


def test_the_first_fill_is_not_made_by_automation():
    with dg.DagsterInstance.ephemeral() as instance:
        empty = World(instance)
        assert [empty.tick() for _ in range(3)] == [([], set())] * 3


def test_a_source_change_moves_the_upper_chain_in_one_tick_and_the_lower_after_the_counts(world):
    world.report("v2")
    assert world.tick() == (UPPER, {"source", *UPPER})
    assert world.tick() == ([], set())
    world.run(UPPER, {"source", *UPPER})
    assert [world.tick() for _ in range(2)] == [([], set())] * 2
    world.run(["raw_counts"])
    assert world.tick() == (LOWER, set(LOWER))
    world.run(LOWER)
    assert [world.tick() for _ in range(2)] == [([], set())] * 2


def test_the_hold_is_released_by_counts_that_re_emit_their_version(world):
    world.fixed_version["raw_counts"] = data_version(world.instance, "raw_counts")
    world.report("v2")
    assert world.follow() == UPPER
    assert world.follow() == []
    world.run(["raw_counts"])
    assert world.follow() == LOWER
    assert world.follow() == []


def test_a_version_emitted_again_moves_nothing(world):
    world.run(["cleaned_features"])
    world.run(["raw_counts"])
    world.report("v1")
    assert [world.follow() for _ in range(2)] == [[], []]


def test_a_new_code_version_moves_its_stage_and_everything_below(world):
    world.code["encoded_inputs"] = "2"
    assert world.follow() == ["encoded_inputs", "compiled_circuits", "job_receipts"]
    world.run(["raw_counts"])
    assert world.follow() == LOWER
    assert world.follow() == []


def test_new_code_of_the_baselines_does_not_wait_for_counts(world):
    world.code["baselines"] = "2"
    assert world.follow() == ["baselines", *LOWER]
    assert world.follow() == []


def test_a_run_over_the_whole_chain_is_not_repeated(world):
    world.source = "v2"
    world.run(STAGES)
    assert [world.tick() for _ in range(2)] == [([], set())] * 2


def test_a_failed_blocking_check_stops_the_chain_until_new_data_passes(world):
    world.failing_checks = {"cleaned_features"}
    world.report("v2")
    stages, checks = world.tick()
    assert "encoded_inputs" not in world.run(stages, checks)
    assert [world.follow() for _ in range(2)] == [[], []]
    world.failing_checks = set()
    world.report("v3")
    assert world.follow() == UPPER
    world.run(["raw_counts"])
    assert world.follow() == LOWER


def test_counts_that_fail_their_check_hold_the_decisions_too(world):
    world.failing_checks = {"raw_counts"}
    world.report("v2")
    assert world.follow() == UPPER
    world.run(["raw_counts"])
    assert [world.follow() for _ in range(2)] == [[], []]
    world.failing_checks = set()
    world.run(["raw_counts"])
    assert world.follow() == LOWER


def test_a_reported_source_that_fails_its_check_stops_the_cleaning(world):
    world.failing_checks = {"source"}
    world.report("v2")
    stages, checks = world.tick()
    assert world.run(stages, checks) == ["source_expectations"]
    assert [world.follow() for _ in range(2)] == [[], []]


def test_a_chain_that_broke_half_way_keeps_the_results_back(world):
    world.raising = {"compiled_circuits"}
    world.report("v2")
    assert world.follow() == UPPER
    assert world.follow() == []
    world.code["baselines"] = "2"
    assert world.follow() == ["baselines"]
    assert world.follow() == []


def test_a_source_that_changes_while_the_chain_runs_is_not_lost(world):
    world.report("v2")
    assert world.tick()[0] == UPPER
    job, run = world.plan(UPPER)
    assert world.tick() == ([], set())
    world.report("v3")
    assert world.follow() == []
    world.execute(job, run)
    assert "cleaned_features" in world.follow()


def test_a_source_that_changes_during_a_run_between_two_ticks_is_not_lost(world):
    world.code["cleaned_features"] = "2"
    assert world.tick()[0] == UPPER
    job, run = world.plan(UPPER)
    world.report("v2")
    world.execute(job, run)
    assert "cleaned_features" in world.follow()


def test_counts_that_a_slow_run_wrote_before_new_receipts_do_not_release_the_hold(world):
    world.run(["raw_counts"])
    world.code["job_receipts"] = "2"
    world.run(["job_receipts"])
    world.code["baselines"] = "2"
    assert world.tick()[0] == ["baselines"]


def test_results_wait_while_receipts_are_on_their_way(world):
    world.plan(["job_receipts"])
    world.code["baselines"] = "2"
    assert world.tick()[0] == ["baselines"]


def test_a_source_that_changes_between_request_and_tick_is_not_lost(world):
    world.report("v2")
    assert world.follow() == UPPER
    world.report("v3")
    assert world.tick()[0][:1] == ["cleaned_features"]


def test_a_source_that_changes_right_after_the_cleaning_is_not_lost(world):
    world.run(["cleaned_features"])
    world.report("v2")
    assert world.tick()[0] == UPPER


def test_an_asset_that_nobody_checked_is_checked_once(world):
    world.report("v1")
    assert world.tick() == ([], {"source"})
    assert world.tick() == ([], set())
