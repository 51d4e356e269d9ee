"""`hq`: run, plan, look at and query the platform from the command line."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hq_assets.cli.instance import open_instance, prepare_home

if TYPE_CHECKING:
    from hq_assets.stages.request import RunRequest

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
    from hq_assets.cli import client
    from hq_assets.cli.ending import show_ending

    console = wide_console()
    request = make_request(workloads=workloads, backend=backend, profile=profile, purpose=purpose)
    with usage_problems():
        summary = client.run(request, console)
    with open_instance() as instance:
        show_ending(console, instance, summary.specs, summary.run_id, summary.recomputed)
    sys.exit(0 if summary.success else 1)


@main.command()
@WORKLOADS
@BACKEND
@PROFILE
def plan(workloads: tuple[str, ...], backend: str | None, profile: str | None) -> None:
    """Show what `hq run` would recompute, and why; nothing is run."""
    from hq_assets.cli.running import show_plan
    from hq_assets.cli.session import Session

    request = make_request(workloads=workloads, backend=backend, profile=profile)
    with open_instance() as instance, usage_problems():
        session = Session.open(request, instance)
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
    """Query the current versions with SQL: `hq sql "select * from WORKLOAD.decisions limit 5"`."""
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
@click.argument("name")
@click.option(
    "--from", "origin", required=True, metavar="WORKLOAD", help="Workload whose file is copied."
)
def new(name: str, origin: str) -> None:
    """Begin the workload NAME as a copy of another one's defs.yaml, and say what to do next."""
    from hq_assets.cli.scaffold import ScaffoldProblem, begin_workload, workloads_folder

    try:
        begun = begin_workload(name, origin, workloads_folder())
    except ScaffoldProblem as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Made {begun.folder}")
    for number, step in enumerate(begun.steps, start=1):
        click.echo(f"{number}. {step}")


@main.command()
def doctor() -> None:
    """Examine this installation: packages, state folder, definitions, backends; exit 1 if it cannot work."""
    from hq_assets.cli.doctor import examine, show_findings

    findings = examine()
    show_findings(wide_console(), findings)
    sys.exit(1 if any(finding.state == "fail" for finding in findings) else 0)


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


def make_request(**asked: Any) -> "RunRequest":
    """The validated request of a command; what cannot be asked is one sentence."""
    from pydantic import ValidationError

    from hq_assets.stages.request import RunRequest

    try:
        return RunRequest(trigger="CLI", **asked)
    except ValidationError as error:
        reasons = "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors())
        raise click.ClickException(reasons) from error


@contextmanager
def usage_problems() -> Iterator[None]:
    """Errors of the person at the keyboard are sentences, not tracebacks."""
    from hq_assets.cli.session import UsageProblem
    from hq_assets.components.file_errors import WorkloadFileError

    try:
        yield
    except (UsageProblem, WorkloadFileError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
