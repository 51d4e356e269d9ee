"""A failed check names rows and reason, stops what is downstream, also in a later run, until it is repaired."""

import pytest

from resources.home import project_root

pytestmark = pytest.mark.integration

TRAINING_ROWS = 160


def _rows():
    path = project_root() / "hq_assets" / "workloads" / "cancer_screening" / "data" / "wdbc.csv"
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.fixture
def unbalanced(project):
    """A project whose training rows are almost all benign, below the share that a class needs."""
    header, *rows = _rows()
    benign = [row for row in rows if row.rstrip().endswith("benign")]
    malignant = [row for row in rows if row.rstrip().endswith("malignant")]
    project.data.write_text("".join([header, *benign[:200], *malignant[:3]]), encoding="utf-8")
    project.edit("problem.train_rows", TRAINING_ROWS)
    return project


def test_a_failed_check_stops_the_chain_until_its_source_is_repaired(unbalanced, versions):
    failed = unbalanced.run()
    assert not failed.success
    assert "check failed  cancer_sample/cleaned_features: expectations" in failed.text
    assert "label" in failed.text
    assert failed.made == {"source", "target", "profile", "cleaned_features"}

    below = unbalanced.run(stages=["encoded_inputs"])
    assert not below.success
    assert below.made == frozenset()
    assert "cancer_sample/cleaned_features did not pass its blocking check" in below.text
    assert "materialize cancer_sample/cleaned_features first" in below.text

    again = unbalanced.run()
    reasons = {reason.key: reason.reason for reason in again.plan.reasons}
    assert reasons["cancer_sample/cleaned_features"] == "its last blocking check failed"
    assert not again.success
    assert again.reused == {"cleaned_features"}
    assert set(versions()) == {"source", "target", "profile", "cleaned_features"}

    unbalanced.data.write_text("".join(_rows()[:241]), encoding="utf-8")
    repaired = unbalanced.run()
    assert repaired.success, repaired.text
    assert "decisions" in repaired.made
    assert not unbalanced.run().plan.selection
