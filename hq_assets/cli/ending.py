"""The end of `hq run`: what was decided, by whom, how well, and where to look."""

from collections.abc import Sequence

import dagster as dg
from rich.console import Console
from rich.table import Table

from hq_assets.stages.spec import WorkloadSpec

SHOWN = ("tier", "backend", "method", "profile")


def show_ending(
    console: Console, instance: dg.DagsterInstance, specs: Sequence[WorkloadSpec]
) -> None:
    """Print one line per workload and where to look."""
    table = Table("workload", "decided by", "profile", "success metric", "value", title="Decisions")
    for spec in specs:
        event = instance.get_latest_materialization_event(dg.AssetKey([spec.name, "decisions"]))
        materialization = event.asset_materialization if event else None
        if materialization is None:
            table.add_row(spec.name, "no decision yet", "", "", "")
            continue
        metadata = {name: entry.value for name, entry in materialization.metadata.items()}
        metric = spec.context["success_metric"]
        value = metadata.get(metric)
        shown = f"{value:.4f}" if isinstance(value, float) else str(value)
        origin = f"{metadata.get('tier')} ({metadata.get('backend')}, {metadata.get('method')})"
        table.add_row(spec.name, origin, str(metadata.get("profile")), metric, shown)
    console.print(table)
    console.print(
        "Look: [bold]make dev[/bold] opens the UI on http://127.0.0.1:3000 (Catalog → a workload → decisions)."
    )
    for spec in specs[:1]:
        query = f"select * from {spec.name}.decisions limit 5"  # noqa: S608 - printed, not run
        console.print(f'Ask:  [bold].venv/bin/hq sql "{query}"[/bold]')
