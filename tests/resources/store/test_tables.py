"""Tables and arrays in the store: streamed, hashed by value, told when the disk is full."""

import subprocess
import sys
import uuid

import numpy as np
import polars as pl
import pytest

from resources.store.artifacts import ArtifactStore
from resources.store.errors import CorruptArtifact, MissingEntry, StoreError


@pytest.fixture(params=["folder", "object store"])
def store(request, tmp_path):
    if request.param == "folder":
        return ArtifactStore(tmp_path / "store")
    return ArtifactStore(f"memory://tables-{uuid.uuid4().hex}")


FRAME = pl.DataFrame(
    {"record_id": ["a", "b", None], "seed": [1, 2, 3], "values": [[0.1, 0.2], [], None]}
)


def test_a_table_comes_back_with_its_shape(store):
    entry = store.put_table(FRAME)
    assert (entry.rows, entry.columns) == (
        3,
        {"record_id": "String", "seed": "Int64", "values": "List(Float64)"},
    )
    assert store.scan_table(entry).collect().equals(FRAME)
    assert entry.ref.endswith(".parquet")


def test_a_lazy_table_is_the_same_as_an_eager_one(store):
    assert store.put_table(FRAME.lazy()) == store.put_table(FRAME)


def test_an_empty_table_is_a_table(store):
    entry = store.put_table(FRAME.clear())
    assert entry.rows == 0
    assert store.scan_table(entry).collect().schema == FRAME.schema


def test_the_content_hash_follows_values_and_not_the_excluded_columns(store):
    first = store.put_table(FRAME)
    changed = store.put_table(FRAME.with_columns(seed=pl.lit(9, dtype=pl.Int64)))
    assert changed.content_hash != first.content_hash
    stamped = [
        store.put_table(FRAME.with_columns(run=pl.lit(run)), exclude_from_hash=["run", "absent"])
        for run in ("first", "second")
    ]
    assert stamped[0].content_hash == stamped[1].content_hash
    assert stamped[0].ref != stamped[1].ref


def test_a_table_whose_file_is_gone_is_a_missing_entry(store):
    entry = store.put_table(FRAME)
    store.blob_path(entry.ref).unlink()
    fresh = ArtifactStore(store.root)
    with pytest.raises(MissingEntry, match=entry.ref):
        fresh.scan_table(entry)


def test_an_error_of_the_query_stays_an_error_of_the_query(store):
    broken = FRAME.lazy().select(pl.col("record_id").str.to_integer())
    with pytest.raises(pl.exceptions.ComputeError, match="strict integer parsing"):
        store.put_table(broken)


def test_a_full_disk_is_told_while_a_table_is_written(tmp_path):
    code = (
        "import sys, resource, polars as pl\n"
        "from resources.store.artifacts import ArtifactStore\n"
        "from resources.store.errors import StoreError\n"
        "store = ArtifactStore(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try: store.put_table(pl.LazyFrame({'a': range(1_000_000)}))\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "File too large" in done.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.integration
def test_ten_million_rows_are_streamed_in_bounded_memory(tmp_path):
    source = tmp_path / "source.parquet"
    numbers = pl.LazyFrame({"n": pl.int_range(0, 1_000_000, eager=True)})
    pl.concat([numbers] * 10).with_columns(x=pl.col("n") * 0.5, y=pl.col("n") % 7).sink_parquet(
        source
    )
    code = (
        "import sys, resource, polars as pl\n"
        "from resources.store.artifacts import ArtifactStore\n"
        "store = ArtifactStore(sys.argv[1])\n"
        "store.put_table(pl.LazyFrame({'n': [1], 'x': [0.5]}))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "entry = store.put_table(pl.scan_parquet(sys.argv[2]))\n"
        "print(entry.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store"), str(source)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows, grown_kib = map(int, done.stdout.split())
    assert rows == 10_000_000
    # The frame itself would take 10 million rows of 24 bytes, 240 MB, and a copy while written.
    assert grown_kib * 1024 < 200_000_000


def test_an_array_comes_back_with_type_and_shape(store):
    array = np.arange(6, dtype=np.int64).reshape(3, 2)
    back = store.get_array(store.put_array(array))
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_an_array_of_objects_is_refused(store):
    with pytest.raises(StoreError, match="would need pickle"):
        store.put_array(np.array([{"a": 1}], dtype=object))


def test_bytes_that_are_no_array_are_told(store):
    ref = store.put_blob(b"not an array", "npy")
    with pytest.raises(CorruptArtifact, match=ref):
        store.get_array(ref)
