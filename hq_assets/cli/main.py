"""`hq`: run, plan, look at and query the platform from the command line."""

import os
import sys
import warnings
from pathlib import Path

import click

from hq_assets.cli.instance import open_instance, prepare_home

WORKLOADS = click.argument("workloads", nargs=-1)
BACKEND = click.option(
    "--backend", help="Declared backend for this run; overrules HQ_BACKEND and the defs.yaml."
)
PROFILE = click.option(
    "--profile", help="Declared profile for this run; overrules HQ_PROFILE and the defs.yaml."
)


LOG_WIDTH = 120
"""Characters of a line where the output is no terminal."""


@click.group()
def main() -> None:
    """Hybrid quantum-classical workloads: from source bytes to decisions that can be audited."""
    # Dagster announces its own beta features, and its own attribute that it calls on itself.
    warnings.filterwarnings("ignore", module="dagster")


@main.command()
@WORKLOADS
@BACKEND
@PROFILE
@click.option("--purpose", help="Why this run is made; stands in every manifest.")
def run(
    workloads: tuple[str, ...], backend: str | None, profile: str | None, purpose: str | None
) -> None:
    """Recompute what is stale in WORKLOADS (all by default), in one run, and nothing else."""
    from hq_assets.cli.ending import show_ending
    from hq_assets.cli.running import execute, run_config, show_plan

    console = wide_console()
    with open_instance() as instance:
        session = load_session(workloads, backend, profile, instance)
        show_plan(console, session.plan)
        success = True
        if session.plan.selection:
            config = run_config(session.specs, session.plan.selection, session.choice)
            success = execute(console, instance, session.definitions, session.plan, config, purpose)
        show_ending(console, instance, session.specs)
    sys.exit(0 if success else 1)


@main.command()
@WORKLOADS
@BACKEND
@PROFILE
def plan(workloads: tuple[str, ...], backend: str | None, profile: str | None) -> None:
    """Show what `hq run` would recompute, and why; nothing is run."""
    from hq_assets.cli.running import show_plan

    with open_instance() as instance:
        session = load_session(workloads, backend, profile, instance)
        show_plan(wide_console(), session.plan)


@main.command()
@click.argument("statement")
@click.option(
    "--at",
    multiple=True,
    metavar="WORKLOAD/STAGE=VERSION",
    help="An earlier version instead of the current one.",
)
@click.option("--limit", default=40, show_default=True, help="Rows printed.")
def sql(statement: str, at: tuple[str, ...], limit: int) -> None:
    """Query the current versions with SQL: `hq sql "select * from cancer_screening.decisions limit 5"`."""
    from hq_assets.cli.sql import print_query

    with open_instance() as instance:
        print_query(instance, statement, at, limit)


@main.command()
@click.argument("asset", metavar="WORKLOAD/STAGE")
def history(asset: str) -> None:
    """List every version of an asset that the store holds, the newest first."""
    from hq_assets.cli.sql import print_history

    prepare_home()
    print_history(asset)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the UI.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the UI.")
def dev(port: int, host: str) -> None:
    """Start the UI with the daemon: sensors, schedules and automation run while it is open."""
    from resources.home import project_root

    prepare_home()
    os.chdir(project_root())
    program = Path(sys.executable).with_name("dagster")
    arguments = ["dev", "-w", "workspace.yaml", "-h", host, "-p", str(port)]
    os.execv(program, [str(program), *arguments])  # noqa: S606 - replaces this process on purpose


def wide_console():  # noqa: ANN201 - rich is imported in the body
    """A console that does not break lines of a log file at 80 characters."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=LOG_WIDTH)


def load_session(workloads: tuple[str, ...], backend: str | None, profile: str | None, instance):  # noqa: ANN001, ANN201
    """Definitions, chosen workloads and plan; errors of the person at the keyboard are one sentence."""
    from hq_assets.cli.session import Session, UsageProblem

    try:
        return Session.open(workloads, backend, profile, instance)
    except UsageProblem as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
