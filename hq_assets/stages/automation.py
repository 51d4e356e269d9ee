"""When a stage reruns by itself: one condition, given once, for every stage that automation moves."""

import dagster as dg


def on_version_change() -> dg.AutomationCondition:
    """Rerun on a new code version or on new data upstream, the whole chain in one tick.

    `eager()` fires again on the same data version, ignores new code versions and runs below a failed
    blocking check; this condition does none of these. It never makes the first fill: the first
    evaluation counts everything as handled, so `hq run` does it.
    """
    condition = dg.AutomationCondition
    moved = condition.any_deps_match(condition.data_version_changed() | condition.will_be_requested())
    trigger = condition.newly_missing() | condition.code_version_changed() | moved
    return (
        trigger.since_last_handled()
        & ~condition.any_deps_match(condition.missing() & ~condition.will_be_requested())
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
        & condition.all_deps_blocking_checks_passed()
    ).with_label("on_version_change")
