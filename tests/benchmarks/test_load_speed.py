"""P8: the code location loads light, also with six workloads."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "numpy",
    "polars",
    "sqlalchemy",
    "duckdb",
    "qiskit",
    "great_expectations",
    "pandas",
    "scipy",
    "sklearn",
)
GOAL = 1.4
REPEATS = 5

LOAD = f"""
import json, sys, time
start = time.process_time()
import dagster
middle = time.process_time()
from hq_assets.definitions import defs
from dagster import Definitions
loaded = defs() if not isinstance(defs, Definitions) else defs
keys = [spec.key.to_user_string() for spec in loaded.resolve_all_asset_specs()]
end = time.process_time()
heavy = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps({{"dagster": middle - start, "all": end - start, "assets": len(keys), "heavy": heavy}}))
"""


@pytest.fixture(scope="module")
def six_workloads(tmp_path_factory):
    """The project with six copies of the screening workload, in a folder of its own."""
    root = tmp_path_factory.mktemp("six")
    for name in ("hq_assets", "resources", "sensors"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    folder = root / "hq_assets" / "workloads"
    shutil.rmtree(folder / "foreign_circuits")
    for number in range(2, 7):
        shutil.copytree(folder / "cancer_screening", folder / f"screening_{number}")
    _load(root)  # compiles the byte code
    return root


def _load(root):
    command = [sys.executable, "-W", "ignore", "-c", LOAD]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # Dagster has its byte code, so have we
    answer = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout.splitlines()[-1])


def test_loading_the_code_location_imports_nothing_heavy():
    assert _load(ROOT)["heavy"] == []


@pytest.mark.benchmark
def test_six_workloads_load_in_little_more_than_dagster_itself(six_workloads, measure):
    loads = [_load(six_workloads) for _ in range(REPEATS)]
    assert loads[0]["assets"] == 6 * 11 + 1
    assert loads[0]["heavy"] == []
    ratio = measure.record(
        "P8",
        "load six workloads against `import dagster`",
        ("<=", GOAL),
        [load["all"] for load in loads],
        [load["dagster"] for load in loads],
    )
    assert ratio <= GOAL
