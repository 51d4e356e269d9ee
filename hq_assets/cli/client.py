"""`run(request)`: what `hq run` does, for a notebook or another program; the command line calls it too."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from rich.console import Console

from hq_assets.cli.instance import open_instance
from hq_assets.cli.running import execute, run_config, show_plan
from hq_assets.cli.session import Session
from hq_assets.stages.provenance import materialized_manifest
from hq_assets.stages.request import RunRequest
from hq_assets.stages.spec import STAGES, WorkloadSpec

__all__ = ["RunRequest", "RunSummary", "run"]


@dataclass(frozen=True)
class RunSummary:
    """What a request led to.

    Attributes:
        request: What was asked.
        run_id: The Dagster run, or None where nothing was stale.
        success: Whether everything that had to run ended well.
        recomputed: Assets that the run selected, upstream first.
        decisions: Workload → data version of its latest decisions.
        manifests: Asset (`workload/stage`) → reference of the manifest of its latest materialization.
        specs: The workloads, as loaded.
    """

    request: RunRequest
    run_id: str | None
    success: bool
    recomputed: Sequence[str] = ()
    decisions: Mapping[str, str] = field(default_factory=dict)
    manifests: Mapping[str, str] = field(default_factory=dict)
    specs: Sequence[WorkloadSpec] = ()


def run(
    request: RunRequest, console: Console | None = None, project: Path | None = None
) -> RunSummary:
    """Recompute what is stale in the workloads asked for, in one run of this process.

    Args:
        request: What to bring up to date.
        console: Where progress is printed; by default nowhere.
        project: Folder with the pyproject.toml that names the workloads; by default this project.

    Raises:
        UsageProblem: An unknown workload, profile or backend.
        WorkloadFileError: A defs.yaml is wrong.
    """
    console = console or Console(quiet=True)
    with open_instance() as instance:
        session = Session.open(request, instance, project)
        show_plan(console, session.plan)
        run_id, success = None, True
        if session.plan.selection:
            run_id = str(uuid.uuid4())
            config = run_config(session.specs, session.plan.selection, session.choice)
            success = execute(
                console, instance, session.definitions, session.plan, config, request, run_id
            )
        return RunSummary(
            request=request,
            run_id=run_id,
            success=success,
            recomputed=[key.to_user_string() for key in session.plan.selection],
            decisions=decision_versions(instance, session.specs),
            manifests=manifest_refs(instance, session.specs),
            specs=session.specs,
        )


def decision_versions(
    instance: dg.DagsterInstance, specs: Sequence[WorkloadSpec]
) -> dict[str, str]:
    """Workload → data version of its latest decisions; workloads without one are left out."""
    found = {}
    for spec in specs:
        event = instance.get_latest_materialization_event(dg.AssetKey([spec.name, "decisions"]))
        materialization = event.asset_materialization if event else None
        if materialization is not None and materialization.tags:
            found[spec.name] = materialization.tags["dagster/data_version"]
    return found


def manifest_refs(instance: dg.DagsterInstance, specs: Sequence[WorkloadSpec]) -> dict[str, str]:
    """Asset → manifest reference of its latest materialization; assets never materialized are left out."""
    keys = [dg.AssetKey([spec.name, stage]) for spec in specs for stage in STAGES]
    found = {key.to_user_string(): materialized_manifest(instance, key) for key in keys}
    return {name: ref for name, ref in found.items() if ref is not None}
