"""The data of the workload are those of scikit-learn's copy, exactly."""

import csv
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

import hq_assets.workloads

DATA = Path(hq_assets.workloads.__path__[0]) / "cancer_screening" / "data"


def test_every_value_equals_the_copy_that_scikit_learn_ships():
    with (DATA / "wdbc.csv").open(newline="") as stream:
        header, *rows = csv.reader(stream)
    original = load_breast_cancer()
    assert header[1:-1] == [name.replace(" ", "_") for name in original.feature_names]
    values = np.array([[float(text) for text in row[1:-1]] for row in rows])
    assert np.array_equal(values, original.data)
    assert [row[-1] for row in rows] == original.target_names[original.target].tolist()
    assert [row[0] for row in rows] == [f"wdbc-{k:04d}" for k in range(1, 570)]


def test_source_and_licence_stand_beside_the_data():
    text = (DATA / "SOURCE.md").read_text()
    assert "CC BY 4.0" in text
    assert "10.24432/C5DW2B" in text
