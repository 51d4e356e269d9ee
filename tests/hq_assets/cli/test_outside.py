"""What `hq plan` says of profile, backend and work before anything runs."""

import pytest
from click.testing import CliRunner

from hq_assets.cli.instance import open_instance
from hq_assets.cli.main import main
from hq_assets.cli.session import Session, UsageProblem
from hq_assets.stages.request import RunRequest

WORKLOAD = "cancer_screening"


def _in_force(workload=WORKLOAD, **asked):
    with open_instance() as instance:
        [force] = Session.open(RunRequest(workloads=(workload,), **asked), instance).plan.forces
    return force


def test_the_file_and_the_rule_choose_where_nobody_else_does():
    force = _in_force()
    assert (force.profile.name, force.profile_by) == ("exact", "rule")
    assert (force.backend, force.backend_by) == ("ideal_aer", "defs.yaml")


def test_the_environment_chooses_before_the_file(monkeypatch):
    monkeypatch.setenv("HQ_PROFILE", "sampled")
    monkeypatch.setenv("HQ_BACKEND", "noisy_quito")
    force = _in_force()
    assert (force.profile.name, force.profile_by) == ("sampled", "HQ_PROFILE")
    assert (force.backend, force.backend_by) == ("noisy_quito", "HQ_BACKEND")


def test_the_command_line_chooses_before_the_environment(monkeypatch):
    monkeypatch.setenv("HQ_PROFILE", "exact")
    monkeypatch.setenv("HQ_BACKEND", "noisy_quito")
    force = _in_force(profile="sampled", backend="ideal_aer")
    assert (force.profile.name, force.profile_by) == ("sampled", "--profile")
    assert (force.backend, force.backend_by) == ("ideal_aer", "--backend")


def test_executions_are_the_pairs_of_all_seeds_and_unknown_where_only_the_data_tell():
    assert _in_force(profile="sampled").executions == 3 * (40 * 39 // 2 + 20 * 40)
    assert _in_force("foreign_circuits").executions is None


def test_the_plan_states_executions_shots_and_that_seconds_are_not_known_yet():
    result = CliRunner().invoke(main, ["plan", WORKLOAD, "--profile", "sampled"])
    assert result.exit_code == 0, result.output
    head = result.output.partition("To materialize")[0]
    for part in (WORKLOAD, "4,740", "4,853,760", "sampled", "ideal_aer", "estimated when"):
        assert part in head


def test_a_profile_in_the_environment_that_nobody_declares_is_refused(monkeypatch):
    monkeypatch.setenv("HQ_PROFILE", "exactt")
    with pytest.raises(UsageProblem) as refused:
        _in_force()
    monkeypatch.delenv("HQ_PROFILE")
    with pytest.raises(UsageProblem, match="No chosen workload declares profile 'exactt'") as asked:
        _in_force(profile="exactt")
    assert str(refused.value) == str(asked.value)


def test_a_profile_that_another_chosen_workload_declares_is_no_error(monkeypatch):
    monkeypatch.setenv("HQ_PROFILE", "exact")
    with open_instance() as instance:
        forces = Session.open(RunRequest(), instance).plan.forces
    chosen = {force.workload: (force.profile.name, force.profile_by) for force in forces}
    assert chosen[WORKLOAD] == ("exact", "HQ_PROFILE")
    assert chosen["foreign_circuits"] == ("sampled", "rule")
