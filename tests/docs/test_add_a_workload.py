"""docs/add-a-workload.md names every key, and what it tells a newcomer to do works."""

import re
import shutil

import dagster as dg
import pytest
import yaml

from hq_assets.cli.client import RunRequest, run
from hq_assets.cli.instance import open_instance
from hq_assets.cli.scaffold import begin_workload
from hq_assets.components.hybrid_workload import HybridWorkload, known_kinds
from hq_assets.components.keys import keys_of
from hq_assets.problems.contract import KindSettings
from hq_assets.stages.spec import STAGES
from resources.home import hq_home, project_root
from resources.store.artifacts import ArtifactStore
from tests.docs.keys_in_docs import PAGE, blocks, expected, settings_of, wanted_blocks

TEXT = PAGE.read_text(encoding="utf-8")
WORKLOADS = project_root() / "hq_assets" / "workloads"
PYPROJECT = """\
[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "walkthrough"
defs_module = "walkthrough.workloads"
"""

FEATURES = """\
      alcohol: {drift: fixed, range: [5, 20]}
      malic_acid: {drift: fixed, range: [0, 10]}
      ash: {drift: may_drift, range: [0, 5]}
      total_phenols: {drift: may_drift, range: [0, 6]}
      flavanoids: {drift: may_drift, range: [0, 6]}
      color_intensity: {drift: fixed, range: [0, 15]}
      hue: may_drift
      proline: {drift: may_drift, range: [100, 3000]}
"""

EDITS = (
    (r"team: screening", "team: cellar"),
    (r"Malignant or benign, for each fine-needle aspirate", "Which grower, for each bottle"),
    (r"id_column: .*", "id_column: wine"),
    (r"label_column: .*", "label_column: target"),
    (r"positive_label: .*", "positive_label: barolo"),
    (r"negative_label: .*", "negative_label: grignolino"),
    (r"^    train_rows: .*", "    train_rows: 60"),
    (r"^    test_rows: .*", "    test_rows: rest"),
    (r"^    selected_features: .*", "    selected_features: 6"),
    (r"^      num_qubits: .*", "      num_qubits: 4"),
    (r"bandwidths: .*", "bandwidths: [0.08, 0.16]"),
    (r"seeds: .*", "seeds: [0, 1]"),
    (r"^        selected_features: .*", "        selected_features: 5"),
    (r"\{domain: .*\}", "{domain: wine}"),
)
"""What a person looks for in the copied file, and what they write there; the first place each."""


def test_the_page_has_the_keys_of_the_file_and_of_every_kind():
    assert set(blocks(TEXT)) == wanted_blocks()


@pytest.mark.parametrize("block", sorted(wanted_blocks()))
def test_the_tables_say_what_the_models_say(block):
    assert blocks(TEXT)[block] == expected(*block), "run `python -m tests.docs.keys_in_docs`"


@pytest.mark.parametrize("model", [HybridWorkload, *map(settings_of, known_kinds())])
def test_every_key_has_a_meaning(model):
    assert [key.path for key in keys_of(model) if not key.meaning or not key.allowed] == []


@pytest.mark.parametrize("name", ["cancer_screening", "foreign_circuits"])
def test_every_key_of_a_shipped_file_is_in_the_page(name):
    document = yaml.safe_load((WORKLOADS / name / "defs.yaml").read_text(encoding="utf-8"))
    documented = set(re.findall(r"^\| `([\w.]+)` \|", TEXT, flags=re.MULTILINE)) | {"problem.kind"}
    named = re.compile(r"(?<=^profiles\.)\w+|(?<=^problem\.features\.)\w+")
    paths = {named.sub("NAME", path) for path in _paths(document["attributes"])}
    free = ("tags.", "profiles.NAME.problem.", "profiles.NAME", "problem.features.NAME")
    missing = {
        p
        for p in paths - documented
        if not p.startswith(free) or p.startswith("profiles.NAME.seed")
    }
    assert missing == set()


def _paths(node, prefix=""):
    for key, value in node.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{key}.")


def test_the_metrics_of_a_charter_are_offered_by_every_kind():
    for kind in known_kinds():
        assert settings_of(kind).metric_names is not KindSettings.metric_names


def test_the_verbs_named_are_those_of_the_kinds():
    verbs = set(re.findall(r"^\| `(\w+)\.py` \|", TEXT, flags=re.MULTILINE)) - {"settings"}
    for kind in known_kinds():
        folder = project_root() / "hq_assets" / "problems" / kind
        assert all((folder / f"{verb}.py").exists() for verb in verbs)
    assert len(verbs) == 6


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own in a temporary folder, in which only `cancer_screening` stands."""
    folder = tmp_path / "walkthrough" / "workloads"
    folder.mkdir(parents=True)
    for package in (folder.parent, folder):
        (package / "__init__.py").write_text('"""A project of its own."""\n', encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    shutil.copytree(WORKLOADS / "cancer_screening", folder / "cancer_screening")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.integration
def test_a_second_data_set_is_added_by_copying_one_folder_and_editing_its_file(
    project, monkeypatch
):
    folder = project / "walkthrough" / "workloads"
    begun = begin_workload("wine_origin", "cancer_screening", folder).folder
    monkeypatch.chdir(project)
    (snippet,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    code = "\n".join(line.strip() for line in snippet.splitlines())
    exec(code.replace("hq_assets/workloads", "walkthrough/workloads"), {})  # noqa: S102 - the page's own code
    _edit(begun / "defs.yaml")

    request = RunRequest(
        workloads=("wine_origin",), profile="exact", purpose="walk through the page"
    )
    summary = run(request, project=project)

    assert summary.success
    assert set(summary.decisions) == {"wine_origin"}
    _every_check_is_green("wine_origin")
    rows = _decisions("wine_origin", summary.decisions["wine_origin"])
    assert set(rows["label"]) == {"barolo", "grignolino"}
    assert set(rows["seed"]) == {0, 1}
    assert rows.height == 2 * (130 - 60)
    decided = rows.filter(rows["outcome"] != "abstain")
    assert (decided["label"] == decided["true_label"]).mean() > 0.9
    again = run(request, project=project)
    assert again.recomputed == []
    assert again.decisions == summary.decisions


def _edit(file):
    """Edit the copied file as a person does, place by place."""
    text = file.read_text(encoding="utf-8")
    for old, new in EDITS:
        text, found = re.subn(old, new, text, count=1, flags=re.MULTILINE)
        assert found, old
    begin, end = text.index("      mean_radius:"), text.index("    train_rows:")
    file.write_text(text[:begin] + FEATURES + text[end:], encoding="utf-8")


def _every_check_is_green(workload):
    """Every stage has checks, and the latest verdict of each is a pass."""
    with open_instance() as instance:
        latest = instance.get_run_records(limit=1)[0].dagster_run.run_id
        events = instance.all_logs(latest, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    verdicts = [event.dagster_event.asset_check_evaluation_data for event in events]
    ours = [verdict for verdict in verdicts if verdict.asset_key.path[0] == workload]
    assert [f"{v.asset_key}: {v.check_name}" for v in ours if not v.passed] == []
    assert {verdict.asset_key.path[1] for verdict in ours} == set(STAGES)


def _decisions(workload, version):
    store = ArtifactStore(str(hq_home() / "store"))
    artifact = store.artifact(workload, "decisions", version)
    return store.scan_table(artifact.tables["rows"]).collect()
