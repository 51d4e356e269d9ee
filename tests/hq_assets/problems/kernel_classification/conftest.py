"""Settings, source files and exact counts for the tests of this problem kind."""

import csv
import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import hq_assets.workloads
from hq_assets.problems.contract import SourceFile
from hq_assets.problems.kernel_classification.settings import Settings

DATA = Path(hq_assets.workloads.__path__[0]) / "cancer_screening" / "data" / "wdbc.csv"


def captured(path):
    """A file as the stages hand it to the verbs."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return SourceFile(path=path.name, local=path, content_hash=digest, size=len(content))


@pytest.fixture
def source():
    return captured


@pytest.fixture
def wdbc():
    return captured(DATA)


def build_settings(**changes):
    """Three features a, b, c and a label y, two qubits."""
    plain = {
        "id_column": "id",
        "label_column": "y",
        "positive_label": "yes",
        "negative_label": "no",
        "features": {"a": {"drift": "fixed", "range": [-100, 100]}, "b": "may_drift", "c": {}},
        "missing": {"max_per_row": 1},
        "train_rows": 20,
        "test_rows": 10,
        "encoding": {
            "name": "zz",
            "num_qubits": 2,
            "reps": 1,
            "entanglement": "linear",
            "bandwidths": [0.2],
        },
        "classifier": {"folds": 3},
    }
    return Settings.model_validate({**plain, **changes})


@pytest.fixture
def settings():
    return build_settings


@pytest.fixture
def cancer_settings():
    """The settings of the cancer workload at a size that tests can afford."""

    def build(**changes):
        with DATA.open() as stream:
            names = next(csv.reader(stream))[1:-1]
        plain = {
            "id_column": "record_id",
            "label_column": "diagnosis",
            "positive_label": "malignant",
            "negative_label": "benign",
            "features": dict.fromkeys(names, "may_drift"),
            "train_rows": 60,
            "test_rows": 100,
            "encoding": {
                "name": "zz",
                "num_qubits": 4,
                "reps": 2,
                "entanglement": "full",
                "bandwidths": [0.1, 0.2],
            },
        }
        return Settings.model_validate({**plain, **changes})

    return build


@pytest.fixture
def table(tmp_path):
    """Write a CSV of sixty good rows, changed as a test wants; returns the captured file."""

    def write(change=lambda rows: rows, name="rows.csv"):
        rng = np.random.default_rng(0)
        rows = [["id", "a", "b", "c", "y"]]
        for k in range(60):
            yes = k % 3 == 0
            values = rng.normal(size=3) + np.array([2.0 * yes, -1.0 * yes, 0.0])
            rows.append([f"r{k:02d}", *(f"{v:.6f}" for v in values), "yes" if yes else "no"])
        path = tmp_path / name
        path.write_text("\n".join(",".join(row) for row in change(rows)) + "\n")
        return captured(path)

    return write


@pytest.fixture
def count_pairs():
    """Counts of all pairs as a backend with exact overlaps returns them."""
    from hq_assets.quantum.overlaps import pair_overlaps, states

    def count(encoded, template, method="exact", shots=0, seed=0):
        rng = np.random.default_rng(seed)
        rows, pairs = encoded.frame.collect(), encoded.pairs.collect()
        zeros = "0" * template.overlap_circuit.num_qubits
        parts = []
        for (split_seed,), own in rows.group_by(["seed"], maintain_order=True):
            values = np.array(own["values"].to_list())
            index = pairs.filter(pl.col("seed") == split_seed).select("left", "right").to_numpy()
            vectors = states(template.overlap_circuit, values, template.overlap_parameters)
            shares = pair_overlaps(vectors, vectors, index)
            hits = rng.binomial(shots, np.clip(shares, 0, 1))
            nothing = [None] * len(shares)
            for bits, share, number in (
                (zeros, shares, hits),
                ("rest", 1 - shares, shots - hits),
            ):
                columns = {
                    "execution": np.arange(len(shares)),
                    "count": pl.Series(nothing if method == "exact" else number, dtype=pl.Int64),
                    "weight": pl.Series(share if method == "exact" else nothing, dtype=pl.Float64),
                }
                parts.append(
                    pl.DataFrame(columns).with_columns(
                        circuit_id=pl.lit(template.circuit_id),
                        seed=pl.lit(split_seed, pl.Int64),
                        bitstring=pl.lit(bits),
                        shots=pl.lit(shots, pl.Int64),
                        method=pl.lit(method),
                    )
                )
        return pl.concat(parts).lazy()

    return count
