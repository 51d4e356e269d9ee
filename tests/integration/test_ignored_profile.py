"""A profile in HQ_PROFILE that a workload does not declare is passed over aloud."""

import pytest

from hq_assets.cli.instance import open_instance

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("asked", "warned"), [("rapid", True), ("sampled", False)])
def test_the_stage_warns_of_a_profile_that_it_ignores(project, monkeypatch, asked, warned):
    monkeypatch.setenv("HQ_PROFILE", asked)
    outcome = project.run(stages=["target", "profile"])
    assert outcome.success, outcome.text
    with open_instance() as instance:
        run_id = instance.get_run_records(limit=1)[0].dagster_run.run_id
        said = [entry.user_message for entry in instance.all_logs(run_id)]
    ignored = [text for text in said if "HQ_PROFILE=" in text]
    expected = [f"HQ_PROFILE={asked} is ignored: cancer_sample declares exact, sampled"]
    assert ignored == (expected if warned else [])
