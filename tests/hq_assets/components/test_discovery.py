import pytest

from hq_assets.components.discovery import load_workloads
from hq_assets.components.hybrid_workload import HybridWorkload
from hq_assets.stages.spec import STAGES


@pytest.fixture(scope="module")
def loaded():
    return load_workloads()


def test_every_folder_with_a_file_is_a_workload(loaded):
    assert [spec.name for spec in loaded.specs] == ["cancer_screening", "foreign_circuits"]


def test_assets_still_lead_back_to_their_component_and_file(loaded):
    assert loaded.definitions.component_tree is not None
    specs = [spec for assets in loaded.definitions.assets for spec in assets.specs]
    assert len(specs) == len(loaded.specs) * len(STAGES)
    for spec in specs:
        assert isinstance(spec.metadata["dagster/component_origin"].instance, HybridWorkload)
        (reference,) = spec.metadata["dagster/code_references"].code_references
        assert reference.file_path.endswith(f"{spec.key.path[0]}/defs.yaml")
