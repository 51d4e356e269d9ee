"""The shared warehouse file: rewritten whole or not at all, and let go at once."""

from contextlib import contextmanager

import duckdb
import polars as pl
import pytest
from dagster_duckdb import DuckDBResource

from resources.store.artifact import Artifact
from resources.store.artifacts import ArtifactStore
from resources.store.errors import StoreError
from resources.store.warehouse import write_warehouse


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "store")


def commit(store, values, workload="cancer_screening", stage="decisions"):
    frame = pl.DataFrame({"score": values})
    artifact = store.commit(
        Artifact(
            workload=workload,
            stage=stage,
            schema_version="1.0",
            tables={"rows": store.put_table(frame)},
        )
    )
    return {(workload, stage): artifact.data_version}


def rows(path, table="cancer_screening.decisions"):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(f"SELECT score FROM {table} ORDER BY 1").fetchall()  # noqa: S608 - our own name


def test_the_file_holds_the_versions_given(store, tmp_path):
    path = tmp_path / "warehouse.duckdb"
    resource = DuckDBResource(database=str(path))
    written = write_warehouse(resource.get_connection, store, commit(store, [1, 2]))
    assert written == {"cancer_screening.decisions": 2}
    assert rows(path) == [(1,), (2,)]
    write_warehouse(resource.get_connection, store, commit(store, [3]))
    assert rows(path) == [(3,)]


def test_tables_of_other_workloads_stay_and_dropped_stages_go(store, tmp_path):
    path = tmp_path / "warehouse.duckdb"
    connect = DuckDBResource(database=str(path)).get_connection
    write_warehouse(connect, store, commit(store, [1], workload="lab"))
    write_warehouse(connect, store, commit(store, [2], stage="baselines"))
    write_warehouse(connect, store, commit(store, [3]))
    assert rows(path, "lab.decisions") == [(1,)]
    assert rows(path) == [(3,)]
    with pytest.raises(duckdb.CatalogException):
        rows(path, "cancer_screening.baselines")


def test_a_failure_leaves_the_earlier_tables_and_lets_the_file_go(store, tmp_path):
    path = tmp_path / "warehouse.duckdb"
    connect = DuckDBResource(database=str(path)).get_connection
    write_warehouse(connect, store, commit(store, [1]))
    versions = commit(store, [2])
    entry = store.artifact("cancer_screening", "decisions", *versions.values()).tables["rows"]
    store.blob_path(entry.ref).write_bytes(b"no parquet")
    with pytest.raises(StoreError, match="could not be written"):
        write_warehouse(connect, store, versions)
    assert rows(path) == [(1,)]


def test_a_file_held_by_another_program_is_told(store, tmp_path):
    path = tmp_path / "nowhere" / "warehouse.duckdb"

    @contextmanager
    def connect():
        yield duckdb.connect(str(path))

    with pytest.raises(StoreError, match="could not be written"):
        write_warehouse(connect, store, commit(store, [1]))
