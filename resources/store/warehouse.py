"""The shared warehouse file: tables of chosen versions for tools that open a DuckDB file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.store.errors import StoreError
from resources.store.sql import quoted, sql_tables, write_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    import duckdb

    from resources.store.artifacts import ArtifactStore


def write_warehouse(
    connection_factory: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]],
    store: ArtifactStore,
    versions: Mapping[tuple[str, str], str],
) -> dict[str, int]:
    """Rewrite the warehouse's tables in one transaction and return rows by `<workload>.<table>`.

    Readers see the tables before or after, never between. Inputs are resolved before the file is
    opened, because one writer at a time holds it. Tables of workloads not given are left alone;
    tables of a given workload that no version has are dropped.

    Args:
        connection_factory: Opens the file, e.g. `DuckDBResource(database=…).get_connection`; the
            connection is closed here even if a statement fails.
        store: Where the versions lie.
        versions: (workload, stage) → data version.

    Raises:
        StoreError: A version is missing, or the file cannot be written.
    """
    import duckdb

    tables = list(sql_tables(store, versions))
    try:
        with connection_factory() as connection:
            try:
                return _rewrite(connection, tables)
            finally:
                connection.close()
    except (duckdb.Error, OSError) as error:
        msg = (
            f"The warehouse could not be written: {error}. "
            "Close other programs that hold the file, check the free space and run again."
        )
        raise StoreError(msg) from error


def _rewrite(connection: duckdb.DuckDBPyConnection, tables: list) -> dict[str, int]:
    connection.execute("BEGIN TRANSACTION")
    for workload in sorted({table.workload for table in tables}):
        connection.execute(f"DROP SCHEMA IF EXISTS {quoted(workload)} CASCADE")
        connection.execute(f"CREATE SCHEMA {quoted(workload)}")
    rows: dict[str, int] = {}
    for table in tables:
        connection.execute(f"CREATE TABLE {table.qualified} AS {table.select}")
        count = connection.execute(f"SELECT count(*) FROM {table.qualified}").fetchone()  # noqa: S608 - quoted name
        rows[f"{table.workload}.{table.name}"] = int(count[0]) if count else 0
    write_versions(connection, tables)
    connection.execute("COMMIT")
    return rows
