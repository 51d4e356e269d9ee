"""The table of a job's states."""

from typing import get_args

import pytest

from resources.backends import contract
from resources.ledger.errors import IllegalTransition
from resources.ledger.states import SETTLED, STATES, TRANSITIONS, check_transition


def test_the_ledger_and_the_backend_contract_know_the_same_states():
    assert set(STATES) == set(get_args(contract.JobState))
    assert set(TRANSITIONS) == set(STATES)
    assert set().union(*TRANSITIONS.values()) <= set(STATES)


def test_every_state_that_a_provider_reports_can_be_recorded_from_every_living_state():
    reported = set(get_args(contract.ProviderStatus))
    for state in ("submitted", "queued", "running", "unknown"):
        assert reported <= TRANSITIONS[state]


def test_a_settled_job_goes_nowhere_else():
    for state in SETTLED:
        assert TRANSITIONS[state] <= {state}


def test_an_unknown_job_is_not_settled_and_a_parked_one_is_not_submitted_by_itself():
    assert not SETTLED & {"unknown", "parked"}
    assert "parked" in TRANSITIONS["intent"]
    assert "queued" not in TRANSITIONS["parked"]


def test_no_way_leads_back_to_an_intent_except_from_parked():
    assert {s for s in STATES if "intent" in TRANSITIONS[s]} == {"intent", "parked"}


def test_an_illegal_way_names_the_ways_there_are():
    with pytest.raises(IllegalTransition, match=r"job-1 .* completed to running.*completed"):
        check_transition("job-1", "completed", "running")
    check_transition("job-1", "submitted", "completed")
