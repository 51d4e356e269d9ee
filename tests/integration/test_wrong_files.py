"""A wrong defs.yaml is refused when definitions load: file, line, what was given, what is allowed."""

import re
import traceback
from dataclasses import dataclass

import pytest

from resources.home import project_root

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Wrong:
    """One way to break the file of cancer_screening in one place.

    Attributes:
        old: Text of the right file, found exactly once.
        new: Text in its place.
        marker: Text of the line that the refusal must name.
        said: Texts that the refusal must contain: what was given, what is allowed.
    """

    old: str
    new: str
    marker: str
    said: tuple[str, ...]


CASES = {
    "an unknown key": Wrong(
        "  team: screening", "  team: screening\n  colour: red", "colour: red", ("colour",)
    ),
    "an unknown key of the problem": Wrong(
        "    train_rows: 200",
        "    train_rows: 200\n    train_row: 3",
        "train_row: 3",
        ("problem.train_row", "3"),
    ),
    "an unknown key of a profile's problem": Wrong(
        "        train_rows: 40",
        "        training_rows: 40",
        "training_rows: 40",
        ("profiles.sampled.problem.training_rows", "40"),
    ),
    "a missing key": Wrong(
        "    consumer: Pathologists who order the second readings\n",
        "",
        "charter:",
        ("charter.consumer", "missing"),
    ),
    "a missing key of the problem": Wrong(
        "    label_column: diagnosis\n", "", "problem:", ("problem.label_column", "missing")
    ),
    "a wrong type": Wrong(
        "      shots: 1024", "      shots: many", "shots: many", ("shots", "many", "integer")
    ),
    "a wrong type in the problem": Wrong(
        "    train_rows: 200", "    train_rows: plenty", "train_rows: plenty", ("plenty", "integer")
    ),
    "an unknown problem kind": Wrong(
        "kind: kernel_classification",
        "kind: kernel_clasification",
        "kind: kernel_clasification",
        ("'kernel_clasification'", "circuit_collection", "kernel_classification"),
    ),
    "an unknown encoding": Wrong(
        "      name: zz", "      name: zzz", "encoding:", ("zzz", "amplitude", "angle")
    ),
    "an encoding that needs more qubits": Wrong(
        "      num_qubits: 8", "      num_qubits: 1", "encoding:", ("zz", "1", "2")
    ),
    "fewer features than qubits": Wrong(
        "    selected_features: 16", "    selected_features: 4", "problem:", ("8", "4 selected")
    ),
    "an unknown backend": Wrong(
        "  backend: ideal_aer",
        "  backend: ideal_air",
        "backend: ideal_air",
        ("`ideal_air`", "did you mean ideal_aer"),
    ),
    "an unknown profile": Wrong(
        "  backend: ideal_aer",
        "  backend: ideal_aer\n  profile: rapid",
        "profile: rapid",
        ("'rapid'", "exact", "sampled"),
    ),
    "no shots where counts are sampled": Wrong(
        "      shots: 1024", "      shots: 0", "shots: 0", ("sampled", "0 shots", "at least 1")
    ),
    "shots where nothing is sampled": Wrong(
        "      shots: 0", "      shots: 10", "shots: 10", ("exact", "10 shots", "binomial")
    ),
    "negative shots": Wrong(
        "      shots: 1024", "      shots: -1", "shots: -1", ("-1", "greater than or equal to 0")
    ),
    "a seed named twice": Wrong(
        "seeds: [0, 1, 2]\n", "seeds: [0, 1, 1]\n", "seeds: [0, 1, 1]", ("[0, 1, 1]", "distinct")
    ),
    "a version that is not semantic": Wrong(
        "version: 1.0.0", "version: '1.0'", "version: '1.0'", ("1.0", "pattern")
    ),
    "an owner that is nobody": Wrong(
        "      incidents: team:platform",
        "      incidents: somebody",
        "incidents: somebody",
        ("'somebody'", "e-mail", "team:name"),
    ),
    "a data class that does not exist": Wrong(
        "data_class: public",
        "data_class: secret",
        "data_class: secret",
        ("secret", "'public', 'internal', 'confidential' or 'sensitive'"),
    ),
    "a column that the data lacks": Wrong(
        "      worst_area:",
        "      wurst_area:",
        "sources:",
        ("rows.csv", "wurst_area", "worst_area"),
    ),
}


def _load(project, text):
    """The whole text of what loading says; empty if it says nothing."""
    project.defs.write_text(text, encoding="utf-8")
    try:
        project.load()
    except Exception as error:  # noqa: BLE001 - Dagster wraps it; the whole chain is what a person reads
        return "".join(traceback.format_exception(error))
    return ""


@pytest.fixture
def right(project):
    """The file of cancer_screening beside data with its columns."""
    folder = project_root() / "hq_assets" / "workloads" / "cancer_screening"
    text = (folder / "defs.yaml").read_text(encoding="utf-8")
    # A number that is tuned; the case that breaks it must find it.
    return re.sub(r"(?m)^    selected_features: \d+$", "    selected_features: 16", text)


def test_the_right_file_is_taken(project, right):
    assert _load(project, right) == ""


@pytest.mark.parametrize("wrong", CASES.values(), ids=CASES.keys())
def test_a_wrong_file_is_refused_with_file_line_and_what_is_allowed(project, right, wrong):
    assert right.count(wrong.old) == 1
    text = right.replace(wrong.old, wrong.new)
    start = right.index(wrong.old) if wrong.marker in wrong.new else 0
    line = 1 + text.count("\n", 0, text.index(wrong.marker, start))

    said = _load(project, text)

    assert f"{project.defs}:{line}" in said, said[-3000:]
    for part in wrong.said:
        assert part in said


def test_all_mistakes_of_the_problem_are_named_at_once(project, right):
    text = right.replace("train_rows: 200", "train_rows: plenty").replace(
        "      num_qubits: 8", "      num_qubits: -8"
    )
    said = _load(project, text)
    assert "plenty" in said
    assert "-8" in said


def test_a_file_that_is_no_yaml_is_refused_with_its_line(project, right):
    text = right.replace("  team: screening", "  team: [screening")
    said = _load(project, text)
    assert str(project.defs) in said
    assert "line" in said
