"""`hq sql` and `hq history`: current and earlier versions as tables."""

import click
import dagster as dg

from hq_assets.stages.spec import STAGES
from resources.home import hq_home


def print_query(
    instance: dg.DagsterInstance, statement: str, at: tuple[str, ...], limit: int
) -> None:
    """Run one statement over views of the chosen versions and print its rows.

    Raises:
        click.ClickException: The statement is wrong, or a version does not exist.
    """
    import duckdb

    from resources.store.artifacts import ArtifactStore
    from resources.store.errors import StoreError
    from resources.store.sql import open_sql

    store = ArtifactStore(str(hq_home() / "store"))
    try:
        with open_sql(store, chosen_versions(instance, at)) as connection:
            relation = connection.sql(statement)
            if relation is not None:
                relation.show(max_rows=limit, max_width=200)
    except (duckdb.Error, StoreError) as error:
        raise click.ClickException(str(error)) from error


def chosen_versions(
    instance: dg.DagsterInstance, at: tuple[str, ...]
) -> dict[tuple[str, str], str]:
    """Current version of every asset, replaced by the ones asked for.

    Raises:
        click.BadParameter: An entry is not `workload/stage=version`.
    """
    from resources.store.versions_now import current_versions

    workloads = sorted({key.path[0] for key in instance.all_asset_keys() if key.path[-1] in STAGES})
    versions = current_versions(instance, workloads, STAGES)
    for entry in at:
        asset, _, version = entry.partition("=")
        workload, _, stage = asset.partition("/")
        if not (workload and stage and version):
            message = f"'{entry}' is not WORKLOAD/STAGE=VERSION"
            raise click.BadParameter(message)
        versions[workload, stage] = version
    return versions


def print_history(asset: str) -> None:
    """Print the versions of an asset, the newest first."""
    from rich.console import Console
    from rich.table import Table

    from resources.store.artifacts import ArtifactStore

    workload, _, stage = asset.partition("/")
    if stage not in STAGES:
        message = f"'{asset}' is not WORKLOAD/STAGE; stages are: {', '.join(STAGES)}"
        raise click.ClickException(message)
    store = ArtifactStore(str(hq_home() / "store"))
    table = Table("committed at", "data version", "rows", title=asset)
    for version, committed_at in sorted(
        store.versions(workload, stage), key=lambda item: item[1], reverse=True
    ):
        rows = store.artifact(workload, stage, version).tables.get("rows")
        table.add_row(str(committed_at), version, f"{rows.rows:,}" if rows else "–")
    Console().print(table)
