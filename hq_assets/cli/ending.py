"""The end of `hq run`: what was decided, by whom, how well, and where to look."""

from collections.abc import Collection, Sequence

import dagster as dg
from rich.console import Console
from rich.table import Table

from hq_assets.stages.spec import WorkloadSpec

SHOWN = ("tier", "backend", "method", "profile")


def show_ending(
    console: Console,
    instance: dg.DagsterInstance,
    specs: Sequence[WorkloadSpec],
    run_id: str | None = None,
    recomputed: Collection[str] = (),
) -> None:
    """Print one line per workload and where to look.

    Args:
        console: Where to print.
        instance: Dagster's instance.
        specs: The workloads.
        run_id: The run that has just ended, if there was one.
        recomputed: Assets that it was to make; a decision among them that it did not make is an earlier one.
    """
    table = Table("workload", "decided by", "profile", "success metric", "value", title="Decisions")
    for spec in specs:
        key = dg.AssetKey([spec.name, "decisions"])
        event = instance.get_latest_materialization_event(key)
        materialization = event.asset_materialization if event else None
        if event is None or materialization is None:
            table.add_row(spec.name, "no decision yet", "", "", "")
            continue
        metadata = {name: entry.value for name, entry in materialization.metadata.items()}
        metric = spec.context["success_metric"]
        value = metadata.get(metric)
        shown = f"{value:.4f}" if isinstance(value, float) else str(value)
        origin = f"{metadata.get('tier')} ({metadata.get('backend')}, {metadata.get('method')})"
        if key.to_user_string() in recomputed and event.run_id != run_id:
            origin += " [yellow]from an earlier run[/yellow]"
        table.add_row(spec.name, origin, str(metadata.get("profile")), metric, shown)
    console.print(table)
    console.print(
        "Look: [bold]make dev[/bold] opens the UI on http://127.0.0.1:3000 (Catalog → a workload → decisions)."
    )
    for spec in specs[:1]:
        query = f"select * from {spec.name}.decisions limit 5"  # noqa: S608 - printed, not run
        console.print(f'Ask:  [bold].venv/bin/hq sql "{query}"[/bold]')
