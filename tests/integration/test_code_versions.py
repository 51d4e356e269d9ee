"""A changed line changes the code version of the stages that run it; a comment changes none."""

import shutil
from pathlib import Path

import pytest

from hq_assets.components.discovery import load_workloads
from hq_assets.components.wiring import stage_code_version
from hq_assets.lineage import code_fingerprint
from hq_assets.stages.spec import STAGES
from resources.home import project_root

pytestmark = pytest.mark.integration

ALL = frozenset(STAGES)
PACKAGES = ("hq_assets", "resources", "sensors")
VERBS = "hq_assets/problems/kernel_classification"


@pytest.fixture(scope="module")
def specs():
    return {spec.name: spec for spec in load_workloads().specs}


@pytest.fixture
def tree(tmp_path) -> Path:
    """A copy of the source tree, free to be changed."""
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "data")
        shutil.copytree(project_root() / package, tmp_path / package, ignore=ignored)
    return tmp_path


@pytest.fixture
def changed(specs, tree):
    """Says which stages of a workload have another code version than in the untouched tree."""

    def _changed(workload="cancer_screening"):
        spec = specs[workload]
        return {
            stage
            for stage in STAGES
            if stage_code_version(spec, stage, str(tree)) != stage_code_version(spec, stage)
        }

    return _changed


def _append(tree, path, text):
    with (tree / path).open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.mark.parametrize("workload", ["cancer_screening", "foreign_circuits"])
def test_a_copy_of_the_tree_has_the_same_versions(changed, workload):
    assert changed(workload) == set()


@pytest.mark.parametrize("workload", ["cancer_screening", "foreign_circuits"])
def test_a_comment_in_every_file_changes_no_version(tree, changed, workload):
    for path in tree.rglob("*.py"):
        _append(tree, path, "\n\n# A remark for people.\n")
    assert changed(workload) == set()


@pytest.mark.parametrize(
    ("path", "stages"),
    [
        (f"{VERBS}/clean.py", {"cleaned_features"}),
        (f"{VERBS}/encode.py", {"encoded_inputs"}),
        (f"{VERBS}/construct_circuits.py", {"compiled_circuits"}),
        (f"{VERBS}/combine_results.py", {"normalized_results"}),
        (f"{VERBS}/decide.py", {"decisions"}),
        ("hq_assets/stages/raw_counts.py", {"raw_counts"}),
        ("hq_assets/stages/pubs.py", {"job_receipts"}),
        ("hq_assets/classical/calibration.py", {"decisions"}),
        ("hq_assets/classical/baselines.py", {"baselines", "decisions"}),
        ("hq_assets/quantum/feature_maps.py", {"encoded_inputs", "compiled_circuits"}),
        ("hq_assets/stages/chain.py", ALL),
        ("hq_assets/stages/rendering.py", set()),
        ("hq_assets/problems/circuit_collection/decide.py", set()),
        ("hq_assets/cli/main.py", set()),
        ("sensors/source_data.py", set()),
    ],
)
def test_a_changed_line_changes_the_stages_that_run_it(tree, changed, path, stages):
    assert (tree / path).exists()
    _append(tree, path, "\n\n_MARK = 1\n")
    assert changed() == stages


@pytest.fixture
def other_qiskit(tmp_path, monkeypatch):
    """Another version of qiskit, as the metadata of a real installation states it."""
    folder = tmp_path / "site" / "qiskit-99.0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: qiskit\nVersion: 99.0.0\n")
    monkeypatch.syspath_prepend(folder.parent)
    code_fingerprint.package_version.cache_clear()
    yield
    monkeypatch.undo()
    code_fingerprint.package_version.cache_clear()


def _versions(spec):
    return {stage: stage_code_version(spec, stage) for stage in STAGES}


@pytest.mark.parametrize(
    ("workload", "stages"),
    [
        ("cancer_screening", {"encoded_inputs", "compiled_circuits"}),
        (
            "foreign_circuits",
            {"encoded_inputs", "compiled_circuits", "baselines", "decisions"},
        ),
    ],
)
def test_another_qiskit_changes_the_stages_that_import_it(specs, request, workload, stages):
    before = _versions(specs[workload])
    request.getfixturevalue("other_qiskit")
    after = _versions(specs[workload])
    assert {stage for stage in STAGES if before[stage] != after[stage]} == stages


def test_another_qiskit_is_another_target_of_a_simulator(request, tmp_path):
    from resources.backends.contract import BackendPlace
    from resources.environments import resources_for
    from resources.store.artifacts import ArtifactStore

    place = BackendPlace(blobs=ArtifactStore(tmp_path / "store"), spool=tmp_path / "spool")
    before = resources_for("dev")["backend"].open("ideal_aer", place).target_fingerprint()
    request.getfixturevalue("other_qiskit")
    after = resources_for("dev")["backend"].open("ideal_aer", place).target_fingerprint()
    assert before != after
