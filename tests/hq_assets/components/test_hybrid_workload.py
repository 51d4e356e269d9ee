import dagster as dg
import pytest
import yaml

from hq_assets.components.hybrid_workload import HybridWorkload, has_template


@pytest.fixture
def attributes(copied):
    return yaml.safe_load(copied.read_text(encoding="utf-8"))["attributes"]


def _resolved(attributes):
    model = HybridWorkload.get_model_cls().model_validate(attributes)
    return HybridWorkload.resolve_from_model(dg.ResolutionContext.default(), model)


def test_a_quoted_number_stays_a_text(attributes):
    attributes["tags"] = {"batch": "12"}
    attributes["problem"]["positive_label"] = "1"
    workload = _resolved(attributes)
    assert workload.tags == {"batch": "12"}
    assert workload.problem["positive_label"] == "1"


def test_a_template_is_rendered(attributes):
    attributes["description"] = "The answer is {{ 6 * 7 }}, to each question."
    assert _resolved(attributes).description == "The answer is 42, to each question."


def test_a_file_gives_the_same_workload_rendered_or_not(attributes):
    plain = _resolved(attributes)
    attributes["charter"]["consumer"] = "{{ '" + attributes["charter"]["consumer"] + "' }}"
    assert _resolved(attributes) == plain


@pytest.mark.parametrize("value", ["{{ env.X }}", ["{% if a %}"], {"a": {"b": ["c", "{# d #}"]}}])
def test_a_template_is_found_at_any_depth(value):
    assert has_template(value)
    assert has_template({"also": [1, None, value]})


@pytest.mark.parametrize("value", ["{a}", "", 1, None, True, [0.5, "}}"], {"a": {"b": []}}])
def test_values_without_marks_are_no_templates(value):
    assert not has_template(value)
