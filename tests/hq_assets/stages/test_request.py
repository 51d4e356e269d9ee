import pytest
from pydantic import ValidationError

from hq_assets.stages.request import RunRequest


def test_a_request_has_its_own_id_and_requester_from_the_first_moment():
    first, second = RunRequest(), RunRequest()
    assert first.request_id != second.request_id
    assert first.request_id.startswith("req-")
    assert first.requested_by


def test_a_request_comes_back_from_the_tags_of_its_run():
    asked = RunRequest(purpose="look", trigger="API", requested_by="ann", correlation_id="c-1")
    assert RunRequest.of_run("run", asked.tags()) == asked


@pytest.mark.parametrize(
    ("tags", "trigger"),
    [
        ({}, "launchpad"),
        ({"dagster/schedule_name": "nightly"}, "schedule"),
        ({"dagster/sensor_name": "source_data"}, "sensor"),
        ({"dagster/from_automation_condition": "true"}, "sensor"),
        ({"hq/trigger": "CLI", "dagster/sensor_name": "source_data"}, "CLI"),
    ],
)
def test_a_run_without_a_request_says_what_started_it(tags, trigger):
    request = RunRequest.of_run("1234", tags)
    assert request.trigger == trigger
    assert request.request_id == "run-1234"
    assert request.requested_by is None


@pytest.mark.parametrize(
    "wrong", [{"trigger": "cron"}, {"purpose": ""}, {"request_id": ""}, {"wokloads": ("a",)}]
)
def test_what_no_request_may_hold_is_refused(wrong):
    with pytest.raises(ValidationError):
        RunRequest(**wrong)


def test_a_request_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        RunRequest().backend = "noisy_aer"
