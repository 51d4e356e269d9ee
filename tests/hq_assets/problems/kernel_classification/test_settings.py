import subprocess
import sys

import pytest
from pydantic import ValidationError


def test_the_required_columns_are_id_features_and_label(settings):
    assert settings().required_columns() == ("id", "a", "b", "c", "y")


def test_the_two_declared_profiles_of_the_cancer_workload_have_the_declared_numbers_of_pairs(
    cancer_settings,
):
    exact = cancer_settings(train_rows=200, test_rows=369)
    sampled = cancer_settings(train_rows=40, test_rows=20)
    assert exact.estimated_pubs(range(10)) == 937_000
    assert sampled.estimated_pubs([0]) == 1_580
    assert cancer_settings(test_rows="rest").estimated_pubs([0]) is None
    assert exact.num_qubits_needed() == 4


def encoding(**changes):
    plain = {"name": "zz", "num_qubits": 2, "reps": 1, "entanglement": "linear"}
    return {"encoding": {**plain, **changes}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (encoding(num_qubits=5), "5 components, 3 selected of 3 features do not fit"),
        (encoding(name="cosine"), "'cosine' is not known"),
        (encoding(entanglement="star"), "entanglement 'star'"),
        (encoding(components=3), "exactly 2"),
        (encoding(range=[-1, 1]), "does not lie in what encoding 'zz' takes"),
        (encoding(bandwidths=[0.0]), "above 0"),
        (encoding(shots=5), "Extra inputs are not permitted"),
        ({"selected_features": 1}, "do not fit"),
        ({"selected_features": 4}, "do not fit"),
        ({"train_rows": 5}, "too few"),
        ({"test_rows": 1}, "at least 2"),
        ({"negative_label": "yes"}, "both labels are 'yes'"),
        ({"features": {"seed": "fixed", "b": {}}}, "reserved"),
        ({"label_column": "a"}, "used twice"),
        ({"features": {"a": {"range": [2, 1]}, "b": {}}}, "lower end first"),
        ({"decision": {"threshold": 0.5, "abstain_between": [0.6, 0.7]}}, "contradict"),
        ({"outliers": {"quantiles": [0.9, 0.1]}}, "0 <= low < high"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_the_reason(settings, changes, words):
    with pytest.raises(ValidationError, match=words):
        settings(**changes)


def test_choosing_a_bandwidth_is_refused_where_states_would_be_too_large(settings):
    features = {f"x{k}": {} for k in range(13)}
    wide = {"name": "zz", "num_qubits": 13, "entanglement": "linear"}
    settings(features=features, encoding={**wide, "bandwidths": [0.5]})
    with pytest.raises(ValidationError, match="at most 12 qubits"):
        settings(features=features, encoding={**wide, "bandwidths": [0.5, 1.0]})


def test_a_verb_reads_only_its_own_settings(settings):
    one, other = settings(), settings(decision={"action_from": 0.8})
    assert one.part_for("encode") == other.part_for("encode")
    assert one.part_for("decide") != other.part_for("decide")
    named = set(type(one).read_by)
    assert named == set(type(one).model_fields)


def test_validating_settings_loads_no_heavy_package():
    code = (
        "import sys; from hq_assets.problems.kernel_classification.settings import Settings\n"
        "Settings.model_validate({'id_column': 'i', 'label_column': 'y', 'positive_label': 'p',"
        "'negative_label': 'n', 'features': {'a': 'fixed', 'b': {}}, 'train_rows': 20,"
        "'test_rows': 5, 'encoding': {'name': 'zz', 'num_qubits': 2, 'entanglement': 'full'}})\n"
        "print(sorted({'numpy', 'polars', 'qiskit', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
