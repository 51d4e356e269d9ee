"""A copy of a real workload that tests may spoil."""

import shutil

import pytest

from resources.home import project_root


@pytest.fixture
def copied(tmp_path):
    """Path of the defs.yaml in a copy of the workload `cancer_screening`, with its data."""
    source = project_root() / "hq_assets" / "workloads" / "cancer_screening"
    return shutil.copytree(source, tmp_path / "workloads" / "cancer_screening") / "defs.yaml"
