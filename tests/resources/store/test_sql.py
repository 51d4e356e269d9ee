"""SQL over chosen versions: a schema per workload, a view per stage, time travel."""

import uuid

import duckdb
import polars as pl
import pytest

from resources.store.artifact import Artifact
from resources.store.artifacts import ArtifactStore
from resources.store.errors import MissingEntry, UnknownVersion
from resources.store.sql import open_sql


@pytest.fixture(params=["folder", "object store"])
def store(request, tmp_path):
    # A quote in the path must not end the SQL text.
    root = tmp_path / "it's here" if request.param == "folder" else f"memory://{uuid.uuid4().hex}"
    return ArtifactStore(root)


def commit(store, stage, **tables):
    return store.commit(
        Artifact(
            workload="cancer_screening",
            stage=stage,
            schema_version="1.0",
            tables={name: store.put_table(frame) for name, frame in tables.items()},
        )
    )


def test_every_table_of_a_version_is_a_view(store):
    decisions = commit(store, "decisions", rows=pl.DataFrame({"outcome": ["action", "abstain"]}))
    encoded = commit(
        store,
        "encoded_inputs",
        rows=pl.DataFrame({"values": [[0.1, 0.2]]}),
        pairs=pl.DataFrame({"left": [0], "right": [1]}),
    )
    versions = {
        ("cancer_screening", "decisions"): decisions.data_version[:12],
        ("cancer_screening", "encoded_inputs"): encoded.data_version,
    }
    with open_sql(store, versions) as sql:
        query = "SELECT count(*) FROM cancer_screening.decisions WHERE outcome = 'abstain'"
        assert sql.execute(query).fetchone() == (1,)
        query = 'SELECT "right" FROM cancer_screening.encoded_inputs__pairs'
        assert sql.execute(query).fetchone() == (1,)
        query = 'SELECT "values"[2] FROM cancer_screening.encoded_inputs'
        assert sql.execute(query).fetchone() == (0.2,)
        shown = sql.execute("SELECT table_name, data_version FROM versions ORDER BY 1").fetchall()
    assert shown == [
        ("decisions", decisions.data_version),
        ("encoded_inputs", encoded.data_version),
        ("encoded_inputs__pairs", encoded.data_version),
    ]


def test_an_earlier_version_is_as_readable_as_the_latest(store):
    earlier = commit(store, "decisions", rows=pl.DataFrame({"score": [1]}))
    commit(store, "decisions", rows=pl.DataFrame({"score": [2]}))
    with open_sql(store, {("cancer_screening", "decisions"): earlier.data_version}) as sql:
        assert sql.execute("SELECT score FROM cancer_screening.decisions").fetchall() == [(1,)]


def test_views_cannot_change_an_artifact(store):
    artifact = commit(store, "decisions", rows=pl.DataFrame({"score": [1]}))
    with (
        open_sql(store, {("cancer_screening", "decisions"): artifact.data_version}) as sql,
        pytest.raises(duckdb.Error),
    ):
        sql.execute("DELETE FROM cancer_screening.decisions")
    store.verify_blob(artifact.tables["rows"].ref)


def test_an_unknown_version_or_lost_file_is_told(store):
    artifact = commit(store, "decisions", rows=pl.DataFrame({"score": [1]}))
    with pytest.raises(UnknownVersion, match=artifact.data_version):
        open_sql(store, {("cancer_screening", "decisions"): "f" * 64})
    store.blob_path(artifact.tables["rows"].ref).unlink()
    with pytest.raises(MissingEntry):
        open_sql(store, {("cancer_screening", "decisions"): artifact.data_version})
