"""Sensor `finished_jobs`: asks for `raw_counts` once every job of its receipts is settled.

A backend that computes inline settles its jobs inside the run of `raw_counts`, so there is nothing to
wait for. Each materialization of the receipts asks again, also with the version it had before:
stages below are held until the counts have caught up, and counts already known are a cache hit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from hq_assets.stages.automation import ASKED_BY_SENSOR
from hq_assets.stages.request import TRIGGER_TAG
from hq_assets.stages.spec import WorkloadSpec
from resources.ledger.errors import LedgerError
from resources.store.errors import StoreError
from sensors.materialized import Materialized, is_planned, latest_materialization

RECEIPTS = "job_receipts"
RECEIPTS_TAG = "hq/receipts"
"""Run tag: the materialization of the receipts that the run was asked for."""
INTERVAL_SECONDS = 15
MOST_FAILURES = 3
"""Failed runs for one materialization of the receipts; after these a person is needed."""


@dataclass(frozen=True)
class Observation:
    """What is known of one workload's receipts and counts.

    Attributes:
        receipts: Position of the latest receipts in the event log.
        counted: Position of the receipts that the latest counts were made from; None without counts.
        planned: Whether a run that will make receipts or counts is under way.
        unsettled: Number of jobs of the receipts that are not settled; 0 for an inline backend.
        failures: Failed runs asked for these receipts.
        cancelled: Whether a person cancelled a run asked for these receipts.
    """

    receipts: int
    counted: int | None = None
    planned: bool = False
    unsettled: int = 0
    failures: int = 0
    cancelled: bool = False


def judge(seen: Observation) -> tuple[bool, str]:
    """Whether `raw_counts` is due, and why or why not."""
    if seen.counted is not None and seen.counted >= seen.receipts:
        return False, "the counts are those of the latest receipts"
    if seen.planned:
        return False, "a run is under way"
    if seen.cancelled:
        return False, "the run was cancelled; materialize raw_counts to go on"
    if seen.failures >= MOST_FAILURES:
        return (
            False,
            f"{seen.failures} runs failed; materialize raw_counts once the cause is mended",
        )
    if seen.unsettled:
        return False, f"{seen.unsettled} job(s) not settled"
    return True, "all jobs settled"


def counted_receipts(
    receipts: Materialized, counts: Materialized | None, receipts_key: dg.AssetKey
) -> int | None:
    """Position of the receipts that the counts were made from.

    Counts that were written after the receipts may still be those of older ones, if their run began
    before; the pointer recorded with them tells.
    """
    if counts is None:
        return None
    pointer = counts.read_from(receipts_key)
    if pointer is not None:
        return pointer
    return receipts.storage_id if counts.storage_id > receipts.storage_id else None


def build_finished_jobs_sensor(specs: Sequence[WorkloadSpec]) -> dg.SensorDefinition:
    """The sensor over the receipts of all workloads."""
    keys = [_key(spec.name, ASKED_BY_SENSOR) for spec in specs]

    @dg.sensor(
        name="finished_jobs",
        asset_selection=dg.AssetSelection.assets(*keys),
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"store", "ledger"},
        description="Asks for raw_counts when all jobs of its receipts are settled.",
    )
    def _finished_jobs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        requests, words = [], []
        for spec in specs:
            try:
                request, said = look(context, spec.name)
            except (StoreError, LedgerError, OSError) as error:
                # One workload must not stop the others; a fault of the program fails the tick.
                request, said = None, f"skipped: {error}"
                context.log.warning("%s: %s", spec.name, said)
            if request is not None:
                requests.append(request)
            words.append(f"{spec.name}: {said}")
        if requests:
            return dg.SensorResult(run_requests=requests)
        return dg.SensorResult(skip_reason="; ".join(words) or "no workload is declared")

    return _finished_jobs


def look(context: dg.SensorEvaluationContext, workload: str) -> tuple[dg.RunRequest | None, str]:
    """Observe and judge one workload; the request, if the counts are due, and the reason."""
    receipts = latest_materialization(context.instance, _key(workload, RECEIPTS))
    if receipts is None:
        return None, "no receipts yet"
    tag = f"{workload}@{receipts.storage_id}"
    seen = observe(context, workload, receipts, tag)
    due, reason = judge(seen)
    if not due:
        return None, reason
    request = dg.RunRequest(
        run_key=f"{tag}:{receipts.data_version}:{seen.failures}",
        asset_selection=[_key(workload, ASKED_BY_SENSOR)],
        tags={TRIGGER_TAG: "sensor", RECEIPTS_TAG: tag},
    )
    return request, reason


def observe(
    context: dg.SensorEvaluationContext, workload: str, receipts: Materialized, tag: str
) -> Observation:
    """What event log, runs and ledger say; the ledger is asked only where it can decide."""
    instance = context.instance
    counts = latest_materialization(instance, _key(workload, ASKED_BY_SENSOR))
    counted = counted_receipts(receipts, counts, _key(workload, RECEIPTS))
    seen = Observation(receipts=receipts.storage_id, counted=counted)
    if counted is not None and counted >= receipts.storage_id:
        return seen
    asked = [run.status for run in instance.get_runs(dg.RunsFilter(tags={RECEIPTS_TAG: tag}))]
    stages = (RECEIPTS, ASKED_BY_SENSOR)
    return Observation(
        receipts=receipts.storage_id,
        counted=counted,
        planned=any(is_planned(instance, _key(workload, stage)) for stage in stages),
        unsettled=unsettled_jobs(context, workload, receipts),
        failures=asked.count(dg.DagsterRunStatus.FAILURE),
        cancelled=dg.DagsterRunStatus.CANCELED in asked,
    )


def unsettled_jobs(
    context: dg.SensorEvaluationContext, workload: str, receipts: Materialized
) -> int:
    """Number of jobs of the receipts that the ledger does not call settled.

    Raises:
        ValueError: The receipts were recorded without a version.
    """
    if receipts.metadata.get("inline") is True:
        return 0
    if receipts.data_version is None:
        message = f"{workload}/{RECEIPTS} carries no data version; materialize it again"
        raise ValueError(message)
    resources: Any = context.resources
    store, ledger = resources.store.open(), resources.ledger.open()
    rows = store.artifact(workload, RECEIPTS, receipts.data_version).tables["rows"]
    wanted = set(store.scan_table(rows).collect()["idempotency_key"].to_list())
    settled = {job.idempotency_key for job in ledger.jobs(workload=workload) if job.settled}
    return len(wanted - settled)


def _key(workload: str, stage: str) -> dg.AssetKey:
    return dg.AssetKey([workload, stage])
