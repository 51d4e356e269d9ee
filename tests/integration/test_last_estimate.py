"""The plan repeats what the backend estimated for the same profile and target, and for no other."""

import pytest

pytestmark = pytest.mark.integration


def test_seconds_are_those_of_the_last_submission_of_the_same_profile(ran, state):
    [force] = ran.run().plan.forces
    assert (
        force.seconds == state.materialization("job_receipts").metadata["estimated_seconds"].value
    )
    assert force.seconds > 0
    ran.edit("profiles.exact.seeds", [0, 1, 2])
    [other] = ran.run(stages=["target"]).plan.forces
    assert other.seconds is None
