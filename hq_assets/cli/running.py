"""`hq run` and `hq plan`: recompute what is stale, in one run, and say what happened."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hq_assets.audit.dead_jobs import dead_jobs_reason
from hq_assets.audit.staleness import Reason, stale_assets, with_downstream
from hq_assets.cli.outside import Choice, InForce, in_force
from hq_assets.cli.run_locks import running
from hq_assets.stages.request import RunRequest
from hq_assets.stages.spec import STAGES, WorkloadSpec
from hq_assets.stages.standing import last_blocking_failure, unfinished_checks


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        reasons: Why each stale asset is stale.
        selection: The stale assets and everything below them, upstream first.
        forces: What each workload runs under.
    """

    reasons: Sequence[Reason]
    selection: Sequence[dg.AssetKey]
    forces: Sequence[InForce] = ()


def make_plan(
    instance: dg.DagsterInstance,
    definitions: dg.Definitions,
    specs: Sequence[WorkloadSpec],
    choice: Choice,
) -> Plan:
    """Compare recorded versions with code, inputs and the outside world."""
    known = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    ordered = [known[dg.AssetKey([spec.name, stage])] for spec in specs for stage in STAGES]
    ordered += [spec for key, spec in known.items() if key.path[0] == "platform"]
    checked = {spec.key: unsettled_checks(instance, spec.key) for spec in ordered}
    for key in (dg.AssetKey([spec.name, "job_receipts"]) for spec in specs):
        checked[key] = checked[key] or dead_jobs_reason(instance, key)
    forces = in_force(instance, specs, choice)
    outside = {key: version for force in forces for key, version in force.versions.items()}
    reasons = stale_assets(instance, ordered, outside, checked)
    stale = [dg.AssetKey.from_user_string(reason.key) for reason in reasons]
    return Plan(reasons, with_downstream(stale, ordered), forces)


def unsettled_checks(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """Why an asset must be checked again although it is up to date, or None."""
    unfinished = unfinished_checks(instance, key)
    if unfinished:
        return f"its checks did not end: {', '.join(unfinished)}"
    return "its last blocking check failed" if last_blocking_failure(instance, key) else None


def show_plan(console: Console, plan: Plan) -> None:
    """Print what each workload runs under, what is stale and why, and what will run."""
    console.print(table_of_forces(plan.forces))
    if not plan.selection:
        console.print(
            "Nothing is stale: every asset matches its code, its inputs and the outside world. No run."
        )
        return
    reasons = {reason.key: reason.reason for reason in plan.reasons}
    table = Table("asset", "why", title="To materialize, in one run")
    for key in plan.selection:
        name = key.to_user_string()
        table.add_row(name, reasons.get(name, "below a stale asset"))
    console.print(table)


def table_of_forces(forces: Sequence[InForce]) -> Table:
    """Per workload: profile and backend with what chose them, and what a full run costs."""
    table = Table(title="In force")
    for name in ("workload", "profile", "backend", "method", "executions", "shots", "seconds"):
        table.add_column(name, overflow="fold", no_wrap=name == "workload")
    for force in forces:
        executions, profile = force.executions, force.profile
        known = executions is not None
        table.add_row(
            force.workload,
            f"{profile.name} (by {force.profile_by})",
            f"{force.backend} (by {force.backend_by})",
            profile.method,
            f"{executions:,}" if known else "known when inputs are encoded",
            f"{executions * profile.shots:,}" if known else f"{profile.shots:,} per execution",
            "estimated when circuits are compiled"
            if force.seconds is None
            else f"about {force.seconds:,.1f}, as estimated at the last submission",
        )
    return table


def run_config(
    specs: Sequence[WorkloadSpec], selection: Sequence[dg.AssetKey], choice: Choice
) -> dict[str, object]:
    """Launchpad configuration of a choice."""
    config: dict[str, object] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if choice.backend is not None:
        config["resources"] = {"backend": {"config": {"name": choice.backend}}}
    if choice.profile is not None:
        declaring = [
            spec.name for spec in specs if any(p.name == choice.profile for p in spec.profiles)
        ]
        chosen = [name for name in declaring if dg.AssetKey([name, "profile"]) in set(selection)]
        config["ops"] = {
            f"{name}__profile": {"config": {"name": choice.profile}} for name in chosen
        }
    return config


def execute(
    console: Console,
    instance: dg.DagsterInstance,
    definitions: dg.Definitions,
    plan: Plan,
    config: dict[str, object],
    request: RunRequest,
    run_id: str | None = None,
) -> bool:
    """Execute the plan as one run in this process, printing each step as it ends; returns success."""
    job = definitions.resolve_implicit_global_asset_job_def()
    started = time.monotonic()
    run_id = run_id or str(uuid.uuid4())
    console.print(f"Run {run_id[:8]}, request {request.request_id}")
    progress = Progress(console)
    instance.add_event_listener(run_id, progress.on_event)
    with running(run_id):
        result = job.execute_in_process(
            instance=instance,
            asset_selection=list(plan.selection),
            run_config=config,
            tags=request.tags(),
            run_id=run_id,
            raise_on_error=False,
        )
    seconds = time.monotonic() - started
    console.print(
        f"{progress.computed} computed, {progress.reused} taken from the store, "
        f"{progress.passed} checks passed, {progress.failed_checks} failed, in {seconds:.0f} s"
    )
    return result.success


def failure_reason(event: dg.DagsterEvent) -> str:
    """What a stage said when it refused, or else the error that the failure began with."""
    data = event.step_failure_data
    stated = data.user_failure_data.description if data.user_failure_data else None
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return stated or (error.message.strip() if error else "no reason was recorded")


class Progress:
    """Prints what a run does while it does it, and counts."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.computed = self.reused = self.passed = self.failed_checks = 0

    def on_event(self, entry: dg.EventLogEntry) -> None:
        """Print one event of the run, if a person wants to see it."""
        event = entry.dagster_event
        if event is None:
            return
        if event.is_step_failure:
            reason = escape(failure_reason(event))
            self.console.print(f"  [red]failed[/red]  {event.step_key}: {reason}")
        elif event.is_step_materialization:
            self._materialized(event)
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._checked(event)

    def _materialized(self, event: dg.DagsterEvent) -> None:
        metadata = event.step_materialization_data.materialization.metadata
        hit, rows, seconds = (
            metadata.get(name) for name in ("cache_hit", "dagster/row_count", "seconds")
        )
        reused = bool(hit and hit.value)
        self.reused += reused
        self.computed += not reused
        word = "reused" if reused else "made"
        took = f"{seconds.value:.1f} s" if seconds else ""
        count = f"{rows.value:,} rows" if rows else ""
        key = event.asset_key.to_user_string() if event.asset_key else event.step_key
        self.console.print(f"  [green]{word:7}[/green] {key:45} {count:>16} {took:>9}")

    def _checked(self, event: dg.DagsterEvent) -> None:
        check = event.asset_check_evaluation_data
        name = f"{check.asset_key.to_user_string()}: {check.check_name}"
        self.passed += check.passed
        self.failed_checks += not check.passed
        if not check.passed and check.severity == dg.AssetCheckSeverity.WARN:
            self.console.print(
                f"  [yellow]warning[/yellow] {name}: {escape(check.description or '')}"
            )
        elif not check.passed:
            self.console.print(
                f"  [red]check failed[/red]  {name}: {escape(check.description or '')}"
            )
