"""A second run recomputes nothing, and one change recomputes exactly what depends on it.

`made` are the stages that were computed; `reused` those whose version was taken from the store.
"""

import os

import pytest

from hq_assets.stages.spec import STAGES

pytestmark = pytest.mark.integration

ALL = frozenset(STAGES)
ROOTS = frozenset({"source", "target", "profile"})
FROM_SUBMISSION = frozenset({"job_receipts", "raw_counts", "normalized_results"})
CLASSICAL = frozenset({"cleaned_features", "encoded_inputs", "baselines"})


def test_the_first_run_makes_every_stage_and_says_so(project):
    outcome = project.run()
    assert outcome.success
    assert outcome.made == ALL
    assert "never materialized" in {reason.reason for reason in outcome.plan.reasons}
    assert "0 failed" in outcome.text


def test_the_second_run_recomputes_nothing(ran):
    assert not ran.run().plan.selection


def test_a_new_time_stamp_of_the_source_recomputes_nothing(ran):
    os.utime(ran.data, (2_000_000_000, 2_000_000_000))
    assert not ran.run().plan.selection


def test_one_changed_source_row_recomputes_what_stands_below_the_source(ran, versions):
    before = versions()
    lines = ran.data.read_text(encoding="utf-8").splitlines(keepends=True)
    values = lines[3].split(",")
    values[1] = f"{float(values[1]) + 0.5}"
    lines[3] = ",".join(values)
    ran.data.write_text("".join(lines), encoding="utf-8")

    outcome = ran.run()

    assert outcome.success
    assert [(r.key, r.reason) for r in outcome.plan.reasons if "source" in r.key] == [
        ("cancer_sample/source", "its origin outside changed")
    ]
    assert outcome.made == ALL - {"target", "profile"}
    after = versions()
    same = {stage for stage in STAGES if before[stage] == after[stage]}
    assert same == {"target", "profile", "compiled_circuits"}


def test_a_setting_that_only_the_decision_reads_recomputes_only_the_decision(ran):
    ran.edit("problem.decision", {"action_from": 0.8})
    outcome = ran.run()
    assert outcome.success
    assert (outcome.made, outcome.reused) == ({"decisions"}, frozenset())


def test_a_setting_of_the_encoding_recomputes_circuits_and_what_they_give(ran):
    ran.edit("problem.encoding.reps", 2)
    outcome = ran.run()
    assert outcome.success
    assert outcome.made | outcome.reused == FROM_SUBMISSION | {
        "encoded_inputs",
        "compiled_circuits",
        "decisions",
    }
    assert not outcome.reused


def test_a_profile_switch_keeps_the_target_and_its_way_back_is_free(ran, versions):
    before = versions()
    there = ran.run(profile="sampled")
    assert there.success
    assert there.made == ALL - {"source", "target"}
    back = ran.run()
    assert back.success
    assert (back.made, back.reused) == ({"profile"}, ALL - ROOTS)
    assert versions() == before


def test_a_backend_switch_keeps_the_classical_stages_and_its_way_back_is_free(project, versions):
    assert project.run(profile="sampled").success
    ideal = versions()

    there = project.run(backend="noisy_manila", profile="sampled")
    assert there.success
    assert there.reused == CLASSICAL
    assert there.made == ALL - CLASSICAL - {"source"}
    noisy = versions()
    assert noisy["decisions"] != ideal["decisions"]

    back = project.run(profile="sampled")
    assert back.success
    assert back.made == {"target", "profile"}
    assert back.reused == ALL - ROOTS
    assert versions() == ideal


def test_the_seed_of_the_simulator_recomputes_from_submission_on(project, versions):
    assert project.run(profile="sampled").success
    before = versions()
    project.edit("execution.seed_simulator", 8)
    outcome = project.run(profile="sampled")
    assert outcome.success
    assert outcome.made == FROM_SUBMISSION | {"decisions"}
    assert versions()["normalized_results"] != before["normalized_results"]


def test_a_transpiler_seed_that_gives_the_same_circuits_recomputes_only_them(ran, versions):
    before = versions()
    ran.edit("execution.seed_transpiler", 8)
    outcome = ran.run()
    assert outcome.success
    assert outcome.made == {"compiled_circuits"}
    assert outcome.reused == FROM_SUBMISSION | {"decisions"}
    assert versions() == before


def test_an_edit_of_what_no_stage_reads_recomputes_nothing(ran):
    ran.edit("description", "Another sentence for people, which changes no number.")
    ran.edit("schedule", {"cron": "0 3 * * *"})
    assert not ran.run().plan.selection
