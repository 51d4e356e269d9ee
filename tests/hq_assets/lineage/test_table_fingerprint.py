"""Laws of the content hash of tables."""

import datetime as dt
import hashlib
import json
import math
import os
import subprocess
import sys
import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hq_assets.lineage import table_fingerprint as module
from hq_assets.lineage.table_fingerprint import TableHasher, table_fingerprint

PROJECT = Path(__file__).resolve().parents[3]


def column(values, dtype=None):
    return table_fingerprint(pl.DataFrame({"x": pl.Series(values, dtype=dtype, strict=False)}))


# Each type with its values; the first two of each differ from each other and from null.
VALUES = {
    pl.Int8(): st.integers(-128, 127),
    pl.Int64(): st.integers(-(2**63), 2**63 - 1),
    pl.UInt64(): st.integers(0, 2**64 - 1),
    pl.Float64(): st.floats(allow_nan=True, allow_infinity=True),
    pl.Boolean(): st.booleans(),
    pl.String(): st.text(max_size=4),
    pl.Binary(): st.binary(max_size=4),
    pl.Date(): st.dates(),
    pl.Time(): st.times(),
    pl.Datetime("us"): st.datetimes(),
    pl.Datetime("ns", "UTC"): st.datetimes(
        dt.datetime(1700, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
        dt.datetime(2200, 1, 1),  # noqa: DTZ001 - same
        timezones=st.just(dt.UTC),
    ),
    pl.Duration("ms"): st.integers(-(10**6), 10**6).map(lambda ms: dt.timedelta(milliseconds=ms)),
    pl.Decimal(12, 2): st.integers(-(10**6), 10**6).map(lambda n: Decimal(n) / 100),
    pl.List(pl.Int64()): st.lists(st.none() | st.integers(-9, 9), max_size=3),
    pl.List(pl.List(pl.String())): st.lists(
        st.none() | st.lists(st.none() | st.text(max_size=2), max_size=2), max_size=2
    ),
    pl.Array(pl.Float64(), 2): st.lists(st.floats(-9, 9), min_size=2, max_size=2),
    pl.Struct({"a": pl.Int64(), "b": pl.String()}): st.fixed_dictionaries(
        {"a": st.none() | st.integers(-9, 9), "b": st.none() | st.text(max_size=2)}
    ),
    pl.List(pl.Struct({"a": pl.Int64()})): st.lists(
        st.none() | st.fixed_dictionaries({"a": st.none() | st.integers(0, 9)}), max_size=2
    ),
}


@st.composite
def frames(draw, min_rows=0):
    """A frame of up to three columns of any types, nulls everywhere."""
    rows = draw(st.integers(min_rows, 12))
    columns = {}
    for name in "abc"[: draw(st.integers(1, 3))]:
        dtype = draw(st.sampled_from(list(VALUES)))
        cells = st.lists(st.none() | VALUES[dtype], min_size=rows, max_size=rows)
        columns[name] = pl.Series(draw(cells), dtype=dtype)
    return pl.DataFrame(columns)


def in_batches(frame, cuts):
    hasher = TableHasher(frame.schema)
    edges = [0, *sorted(cut % (frame.height + 1) for cut in cuts), frame.height]
    for start, end in pairwise(edges):
        hasher.update(frame[start:end])
    return hasher.hexdigest()


@settings(max_examples=200, deadline=None)
@given(frame=frames(), cuts=st.lists(st.integers(0, 100), max_size=5))
def test_batches_of_any_size_give_one_hash(frame, cuts):
    assert in_batches(frame, cuts) == table_fingerprint(frame)


@settings(max_examples=100, deadline=None)
@given(frame=frames())
def test_chunks_in_memory_and_slices_of_larger_buffers_do_not_show(frame):
    chunked = pl.concat([frame[:3], frame[3:]], rechunk=False)
    inside = pl.concat([frame, frame, frame])[frame.height : 2 * frame.height]
    assert table_fingerprint(chunked) == table_fingerprint(frame) == table_fingerprint(inside)


@settings(max_examples=200, deadline=None)
@given(frame=frames(min_rows=1), data=st.data())
def test_any_single_changed_cell_changes_the_hash(frame, data):
    name = data.draw(st.sampled_from(frame.columns))
    row = data.draw(st.integers(0, frame.height - 1))
    dtype = frame.schema[name]
    cells = frame[name].to_list()
    value = data.draw(st.none() | VALUES[dtype])
    changed = frame.with_columns(
        pl.Series(name, [*cells[:row], value, *cells[row + 1 :]], dtype=dtype)
    )
    assert (table_fingerprint(changed) == table_fingerprint(frame)) is same(cells[row], value)


def same(one, other):
    if isinstance(one, float) and isinstance(other, float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or (one == other and math.copysign(1, one) == math.copysign(1, other))
    if isinstance(one, list | pl.Series) and isinstance(other, list | pl.Series):
        one, other = list(one), list(other)
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_rows_count_in_their_order():
    assert column([1, 2]) != column([2, 1])
    assert column([1, 2]) != column([1, 2, 2])


def test_columns_count_by_their_names_and_not_by_their_order():
    frame = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert table_fingerprint(frame) == table_fingerprint(frame.select("b", "a"))
    assert table_fingerprint(frame) != table_fingerprint(frame.rename({"a": "c"}))
    assert table_fingerprint(frame) != table_fingerprint(frame.rename({"a": "b", "b": "a"}))


def test_null_zero_nan_and_empty_are_four_things():
    assert len({column([value], pl.Float64) for value in (None, 0.0, math.nan, -0.0)}) == 4
    assert len({column([value], pl.String) for value in (None, "", "0", " ")}) == 4
    assert len({column([value], pl.List(pl.Int64)) for value in (None, [], [None], [0])}) == 4
    assert len({column([value], pl.Boolean) for value in (None, False, True)}) == 3
    structs = ({"a": None}, None, {"a": 0})
    assert len({column([value], pl.Struct({"a": pl.Int64})) for value in structs}) == 3


def test_every_nan_is_one_value():
    payload = np.array([0x7FF8000000000001, 0xFFF8000000000000], dtype="<u8").view("<f8")
    assert column(payload) == column([math.nan, math.nan])


def test_borders_between_texts_and_between_lists_count():
    assert column(["ab", "c"]) != column(["a", "bc"])
    assert column([b"ab", b"c"]) != column([b"a", b"bc"])
    assert column([[1, 2], [3]]) != column([[1], [2, 3]])
    assert column([[[1], [2]]]) != column([[[1, 2], []]])
    assert column(["é"]) != column(["e\u0301"])


def test_the_place_of_a_null_counts():
    assert column([None, 0], pl.Int64) != column([0, None], pl.Int64)
    assert column([None, "", "a"], pl.String) != column(["", None, "a"], pl.String)


def test_what_lies_behind_a_null_does_not_count():
    frame = pl.DataFrame({"keep": [True, False, True], "x": [1, 2, 3], "t": ["a", "bb", "c"]})
    hidden = frame.select(pl.when("keep").then(name).alias(name) for name in ("x", "t"))
    plain = pl.DataFrame({"x": [1, None, 3], "t": ["a", None, "c"]})
    assert table_fingerprint(hidden) == table_fingerprint(plain)
    outer = hidden.select(pl.when(frame["keep"]).then(pl.struct(frame["x"], frame["t"])).alias("s"))
    expected = pl.DataFrame({"s": [{"x": 1, "t": "a"}, None, {"x": 3, "t": "c"}]})
    assert table_fingerprint(outer) == table_fingerprint(expected)
    masked = pa.StructArray.from_arrays(
        [pa.array([1, 2, 3]), pa.array(["a", "bb", "c"])],
        names=["x", "t"],
        mask=pa.array([False, True, False]),
    )
    assert table_fingerprint(pl.DataFrame({"s": pl.Series(masked)})) == table_fingerprint(expected)


def test_logical_types_are_told_apart_and_widths_are_not():
    kinds = (
        pl.Int64,
        pl.UInt64,
        pl.Float64,
        pl.Boolean,
        pl.String,
        pl.Date,
        pl.Time,
        pl.Datetime("us"),
        pl.Datetime("us", "UTC"),
        pl.Duration("us"),
        pl.Decimal(10, 0),
        pl.Decimal(10, 1),
        pl.Int128,
        pl.Null,
        pl.List(pl.Int64),
    )
    assert len({column([None], kind) for kind in kinds}) == len(kinds)
    assert len({column([1], kind) for kind in (pl.Int8, pl.Int16, pl.Int32, pl.Int64)}) == 1
    assert len({column([0.5], kind) for kind in (pl.Float32, pl.Float64)}) == 1
    assert len({column([1], kind) for kind in (pl.UInt8, pl.UInt64)}) == 1


def test_texts_are_texts_in_any_representation():
    texts = ["b", "a", None, "b", "Ä"]
    kinds = (pl.String, pl.Categorical, pl.Enum(["Ä", "a", "b"]), pl.Enum(["b", "a", "Ä", "c"]))
    assert len({column(texts, kind) for kind in kinds}) == 1


def test_an_instant_is_one_value_in_any_unit():
    moment = dt.datetime(1969, 12, 31, 23, 59, 58, 123000)  # noqa: DTZ001 - before the epoch, naive
    assert len({column([moment], pl.Datetime(unit)) for unit in ("ms", "us", "ns")}) == 1
    assert column([1], pl.Datetime("ns")) != column([0], pl.Datetime("ns"))
    far = pl.Series([2**62]).cast(pl.Datetime("ms"))
    assert column(far) != column(pl.Series([2**62 + 1]).cast(pl.Datetime("ms")))


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(7)
    rows = 5000
    return pl.DataFrame(
        {
            "number": rng.normal(size=rows),
            "whole": rng.integers(0, 9, rows),
            "text": rng.integers(0, 50, rows).astype(str),
            "day": pl.Series(rng.integers(0, 20000, rows)).cast(pl.Int32).cast(pl.Date),
            "items": [list(range(n)) for n in rng.integers(0, 4, rows)],
            "pair": [{"a": int(n), "b": None} for n in rng.integers(0, 4, rows)],
        }
    ).with_columns(pl.when(pl.col("whole") > 3).then("number").alias("number"))


def test_files_of_any_writer_and_row_group_size_give_one_hash(mixed, tmp_path):
    paths = [tmp_path / f"{name}.parquet" for name in ("a", "b", "c", "d")]
    mixed.write_parquet(paths[0])
    mixed.write_parquet(paths[1], row_group_size=137, compression="uncompressed")
    pq.write_table(mixed.to_arrow(), paths[2], row_group_size=999, use_dictionary=False)
    mixed.with_columns(pl.col("text").cast(pl.Categorical)).write_parquet(paths[3])
    assert len({path.read_bytes() for path in paths}) == 4
    assert {table_fingerprint(path) for path in paths} == {table_fingerprint(mixed)}
    assert table_fingerprint(str(paths[1])) == table_fingerprint(mixed)


def test_a_lazy_frame_keeps_the_order_of_its_rows(mixed, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BATCH_ROWS", 64)
    path = tmp_path / "a.parquet"
    mixed.write_parquet(path, row_group_size=100)
    chosen = pl.col("whole") != 5
    lazy = pl.scan_parquet(path).filter(chosen)
    assert table_fingerprint(lazy) == table_fingerprint(mixed.filter(chosen))
    assert table_fingerprint(lazy.reverse()) != table_fingerprint(lazy)


def test_excluded_columns_do_not_count(mixed):
    without = table_fingerprint(mixed.drop("number", "text"))
    assert table_fingerprint(mixed, exclude=["number", "text", "absent"]) == without
    assert table_fingerprint(mixed.lazy(), exclude=["number", "text"]) == without


def test_an_empty_table_has_the_hash_of_its_schema(tmp_path):
    empty = pl.DataFrame(schema={"a": pl.Int64, "b": pl.List(pl.String)})
    empty.write_parquet(tmp_path / "empty.parquet")
    found = {
        table_fingerprint(empty),
        table_fingerprint(empty.lazy()),
        table_fingerprint(tmp_path / "empty.parquet"),
        TableHasher(empty.schema).hexdigest(),
    }
    assert len(found) == 1
    assert found != {table_fingerprint(pl.DataFrame(schema={"a": pl.Int64, "b": pl.String}))}
    assert TableHasher().hexdigest() == table_fingerprint(pl.DataFrame())


def test_asking_for_the_hash_does_not_end_the_table():
    hasher = TableHasher()
    frame = pl.DataFrame({"x": ["a", "b"]})
    hasher.update(frame[:1])
    assert hasher.hexdigest() == table_fingerprint(frame[:1])
    hasher.update(frame[1:])
    assert hasher.hexdigest() == table_fingerprint(frame)


def test_a_batch_of_another_schema_is_refused_by_column():
    hasher = TableHasher()
    hasher.update(pl.DataFrame({"x": [1], "y": [1]}))
    with pytest.raises(ValueError, match="columns y"):
        hasher.update(pl.DataFrame({"x": [1], "y": ["1"]}))
    with pytest.raises(ValueError, match="columns z"):
        hasher.update(pl.DataFrame({"x": [1], "y": [1], "z": [1]}))
    with pytest.raises(ValueError, match="columns y"):
        hasher.update(pl.DataFrame({"x": [1]}))


def test_python_objects_have_no_canonical_form():
    frame = pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)})
    with pytest.raises(TypeError, match="canonical form"):
        table_fingerprint(frame)


def test_the_hash_is_the_written_formula():
    """Data versions are compared over years: a change here makes every stored version stale."""

    def sha(data):
        return hashlib.sha256(data).hexdigest()

    nulls = sha(np.array([1], dtype="<i8"))
    whole = ["integer", 3, nulls, sha(np.array([1, 0, -3], dtype="<i8"))]
    text = ["text", 3, nulls, sha(np.array([1, 0, 2], dtype="<i8")), sha("x\u00c4".encode())]
    items = ["integer", 2, sha(b""), sha(np.array([5, 6], dtype="<i8"))]
    lists = [["list", "integer"], 3, nulls, sha(np.array([2, 0, 0], dtype="<i8")), items]
    body = {"format": "table/1", "rows": 3, "columns": {"a": whole, "b": text, "c": lists}}
    expected = sha(json.dumps(body, sort_keys=True, separators=(",", ":")).encode())
    frame = pl.DataFrame({"a": [1, None, -3], "b": ["x", None, "Ä"], "c": [[5, 6], None, []]})
    assert table_fingerprint(frame) == expected


def test_numbers_are_hashed_at_150_megabytes_per_second_or_more():
    frame = pl.DataFrame({name: np.arange(2_000_000) * 0.5 for name in "ab"})
    table_fingerprint(frame[:1000])
    start = time.process_time()
    table_fingerprint(frame)
    assert frame.estimated_size("mb") / (time.process_time() - start) > 150


def test_a_file_larger_than_the_memory_allowed_is_hashed(tmp_path):
    """160 MB of numbers in small row groups, with less than 120 MB on top of the bare process."""
    path = tmp_path / "large.parquet"
    rows = 2_500_000
    frame = pl.DataFrame({name: np.random.default_rng(1).normal(size=rows) for name in "ab"})
    frame = pl.concat([frame] * 4)
    frame.write_parquet(path, row_group_size=100_000, compression="uncompressed")
    code = (
        "import resource, sys, polars\n"
        "from hq_assets.lineage.table_fingerprint import table_fingerprint\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak(); found = table_fingerprint(sys.argv[1]); print(found, peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=True,
        capture_output=True,
        text=True,
    )
    found, megabytes = done.stdout.split()
    assert found == table_fingerprint(frame)
    assert path.stat().st_size > 155e6
    assert float(megabytes) < 120
