"""The end of `hq run` says which decisions the run did not make."""

import io

import dagster as dg
import pytest
from rich.console import Console

from hq_assets.cli.ending import show_ending
from hq_assets.components.discovery import load_workloads

KEY = "cancer_screening/decisions"


@pytest.fixture
def instance():
    """An instance in which a run of another time made the decisions."""
    metadata = {"tier": "simulator", "backend": "ideal_aer", "balanced_accuracy": 0.5}
    with dg.DagsterInstance.ephemeral() as found:
        found.report_runless_asset_event(
            dg.AssetMaterialization(dg.AssetKey.from_user_string(KEY), metadata=metadata)
        )
        yield found


def _text(instance, run_id, recomputed):
    specs = [spec for spec in load_workloads().specs if spec.name == "cancer_screening"]
    text = io.StringIO()
    show_ending(Console(file=text, width=300), instance, specs, run_id, recomputed)
    return text.getvalue()


def test_a_decision_that_the_run_was_to_make_and_did_not_is_marked(instance):
    assert "from an earlier run" in _text(instance, "this-run", [KEY])


@pytest.mark.parametrize("recomputed", [[], ["cancer_screening/source"]])
def test_a_decision_that_stayed_fresh_is_not_marked(instance, recomputed):
    text = _text(instance, "this-run", recomputed)
    assert "0.5000" in text
    assert "from an earlier run" not in text
