"""The SQL face of the store: DuckDB views over the Parquet files of chosen versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resources.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from resources.store.artifacts import ArtifactStore

MAIN_TABLE = "rows"
VERSIONS_TABLE = "versions"
"""In schema `main`: which version each view shows (workload, stage, table_name, data_version)."""


class SqlTable(NamedTuple):
    """One table of one version, as SQL sees it."""

    workload: str
    stage: str
    name: str
    data_version: str
    parquet: str

    @property
    def qualified(self) -> str:
        """Quoted `schema.name`."""
        return f"{quoted(self.workload)}.{quoted(self.name)}"

    @property
    def select(self) -> str:
        """Query of the table's rows from its Parquet file."""
        return f"SELECT * FROM read_parquet({literal(self.parquet)})"  # noqa: S608 - quoted here


def open_sql(
    store: ArtifactStore, versions: Mapping[tuple[str, str], str]
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB with a schema per workload and a view per stage.

    A stage's main table is `<workload>.<stage>`, every other `<workload>.<stage>__<table>`. Keep
    the store object as long as the connection: of an object store the views read its local copies.

    Args:
        store: Where the versions lie.
        versions: (workload, stage) → data version, or a unique beginning of it.

    Raises:
        UnknownVersion: A version is not in the store.
        MissingEntry: A table's file is not in the store.
    """
    import duckdb

    tables = list(sql_tables(store, versions))
    connection = duckdb.connect()
    try:
        for table in tables:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.workload)}")
            connection.execute(f"CREATE VIEW {table.qualified} AS {table.select}")
        write_versions(connection, tables)
    except duckdb.Error as error:
        connection.close()
        msg = f"The versions cannot be shown in SQL: {error}. Recompute the stage that it names."
        raise StoreError(msg) from error
    return connection


def sql_tables(store: ArtifactStore, versions: Mapping[tuple[str, str], str]) -> Iterator[SqlTable]:
    """The tables of the given versions, in the order of workloads, stages and names."""
    for (workload, stage), version in sorted(versions.items()):
        artifact = store.artifact(workload, stage, version)
        for name, entry in sorted(artifact.tables.items()):
            yield SqlTable(
                workload=workload,
                stage=stage,
                name=stage if name == MAIN_TABLE else f"{stage}__{name}",
                data_version=artifact.data_version,
                parquet=str(store.local_path(entry.ref)),
            )


def write_versions(connection: duckdb.DuckDBPyConnection, tables: list[SqlTable]) -> None:
    """Write the table of shown versions, over an earlier one."""
    connection.execute(
        f"CREATE OR REPLACE TABLE main.{VERSIONS_TABLE} "
        "(workload VARCHAR, stage VARCHAR, table_name VARCHAR, data_version VARCHAR)"
    )
    for table in tables:
        connection.execute(
            f"INSERT INTO main.{VERSIONS_TABLE} VALUES (?, ?, ?, ?)",  # noqa: S608 - constant name
            [table.workload, table.stage, table.name, table.data_version],
        )


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"
