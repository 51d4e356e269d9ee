"""Fixtures of the collection's tests: files on disk, and tables of counts."""

import hashlib
import io

import polars as pl
import pytest
from qiskit import qpy

from hq_assets.problems.circuit_collection.clean import clean
from hq_assets.problems.circuit_collection.encode import encode
from hq_assets.problems.circuit_collection.settings import Settings
from hq_assets.problems.contract import SourceFile

COUNTS = {
    "circuit_id": pl.String,
    "seed": pl.Int64,
    "parameter_row": pl.Int64,
    "register": pl.String,
    "bitstring": pl.String,
    "count": pl.Int64,
    "weight": pl.Float64,
    "shots": pl.Int64,
    "method": pl.String,
}


@pytest.fixture
def source_files(tmp_path):
    """Write named contents and return them as captured source files, in the order given."""

    def write(contents):
        files = []
        for name, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            local = tmp_path / name
            local.parent.mkdir(parents=True, exist_ok=True)
            local.write_bytes(data)
            files.append(SourceFile(name, local, hashlib.sha256(data).hexdigest(), len(data)))
        return files

    return write


@pytest.fixture
def cleaned_of(source_files):
    """Clean named contents."""

    def run(contents, settings=None, seeds=(1,)):
        return clean(source_files(contents), settings or Settings(), seeds)

    return run


@pytest.fixture
def encoded_of(cleaned_of):
    """Clean and encode named contents."""

    def run(contents, settings=None, seeds=(1,)):
        return encode(cleaned_of(contents, settings, seeds), settings or Settings(), seeds)

    return run


@pytest.fixture
def counts_of():
    """Counts of one circuit, seed 1, as raw_counts has them."""

    def rows(
        circuit_id,
        counts,
        *,
        seed=1,
        row=0,
        register="all",
        weight=False,
        method="sampled",
        shots=None,
    ):
        total = sum(counts.values())
        return pl.DataFrame(
            [
                {
                    "circuit_id": circuit_id,
                    "seed": seed,
                    "parameter_row": row,
                    "register": register,
                    "bitstring": bits,
                    "count": None if weight else number,
                    "weight": number if weight else None,
                    "shots": shots if weight else total,
                    "method": method,
                }
                for bits, number in counts.items()
            ],
            schema=COUNTS,
        )

    return rows


@pytest.fixture
def to_qpy():
    """QPY bytes of circuits."""

    def dump(*circuits, version=None):
        buffer = io.BytesIO()
        qpy.dump(list(circuits), buffer, version=version)
        return buffer.getvalue()

    return dump


@pytest.fixture
def bell():
    """OpenQASM 2 text of a measured Bell pair."""
    return (
        'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
        "h q[0];\ncx q[0], q[1];\nmeasure q -> c;\n"
    )
