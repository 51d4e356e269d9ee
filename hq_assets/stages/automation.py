"""When a stage reruns by itself: one condition, given once, for all that automation moves."""

from functools import lru_cache
from typing import Any

import dagster as dg

AC = dg.AutomationCondition

ASKED_BY_SENSOR = "raw_counts"
"""The stage that `finished_jobs` alone asks for, once the jobs of its receipts are settled."""

BELOW_COUNTS = ("normalized_results", "decisions")
"""Stages that must not combine new inputs with the counts of old ones."""


def stage_condition(workload: str, stage: str) -> dg.AutomationCondition | None:
    """The condition of a stage; None for those that only a sensor or a person moves."""
    if stage in ("source", ASKED_BY_SENSOR):
        return None
    hold_for = dg.AssetKey([workload, ASKED_BY_SENSOR]) if stage in BELOW_COUNTS else None
    return on_version_change(hold_for)


def check_condition(asset: dg.AssetKey) -> dg.AutomationCondition:
    """The condition of every blocking check: with its asset, or alone where nobody checked it.

    A reported source is materialized outside any run. Its checks then run in the same run as the
    stages that read it, and block them there. Every check needs the condition: as soon as a tick
    asks for one check by name, Dagster adds no other check by itself.

    Args:
        asset: The asset that is checked; other assets that a check reads do not move it.
    """
    # The two scopes, assets and checks, are combined as Dagster allows; its types cannot say so.
    updated: Any = AC.asset_matches(asset, AC.newly_updated())
    busy: Any = AC.asset_matches(asset, AC.in_progress()) | AC.in_progress()
    judged: Any = AC.check_passed() | AC.check_failed()
    handled = (AC.newly_requested() & ~updated) | judged | AC.initial_evaluation()
    unjudged = (updated & ~judged).since(handled).with_label("not_judged")
    with_asset = AC.asset_matches(asset, AC.will_be_requested())
    return (with_asset | (unjudged & ~busy)).with_label("with_its_asset")


@lru_cache(maxsize=256)
def on_version_change(hold_for: dg.AssetKey | None = None) -> dg.AutomationCondition:
    """Rerun on a new code version or on new data upstream, the whole chain in one tick.

    `eager()` fires again on the same data version, ignores new code versions and runs below a
    failed blocking check; this condition does none of these. It never makes the first fill: the
    first evaluation counts everything as handled, so `hq run` does it.

    Args:
        hold_for: An upstream asset without a condition, which a sensor asks for later than the
            rest of the chain. The stage waits until that asset has caught up, also when it
            re-emits its version, so that new inputs never meet its old content. What is due stays
            due meanwhile.

    Conditions do not change, so equal ones are one object: building them anew takes 0.4 ms each.
    """
    condition = (
        (_trigger().since_last_handled() | _overtaken()).with_label("due")
        & ~AC.any_deps_missing()
        & ~AC.any_deps_in_progress()
        & ~AC.in_progress()
        & AC.all_deps_blocking_checks_passed()
        & ~_any_deps_waiting()
    )
    if hold_for is not None:
        condition &= ~_lags(hold_for)
    return condition.with_label("on_version_change")


def _trigger() -> dg.AutomationCondition:
    return AC.newly_missing() | AC.code_version_changed() | _any_deps_moved()


def _any_deps_moved() -> dg.AutomationCondition:
    return AC.any_deps_match(AC.data_version_changed() | AC.will_be_requested())


def _overtaken() -> dg.AutomationCondition:
    """New data that the asset's own run may not have seen, because it was already on its way.

    `since_last_handled` forgets a change as soon as the asset is updated or requested, although
    the run that did so may have read its inputs before the change. Changes made inside the asset's
    own run do not count, so that a run over the whole chain is not followed by a second one.
    """
    changed = AC.any_deps_match(AC.data_version_changed() & ~AC.executed_with_root_target())
    # Only this bare form carries timestamps, which tell "before" from "after" within one tick.
    newer = AC.any_deps_match(AC.newly_updated()).since(AC.newly_updated())
    missed = changed & (AC.newly_requested() | newer)
    reset = (AC.newly_requested() & ~changed) | AC.initial_evaluation()
    return missed.since(reset).with_label("overtaken")


def _any_deps_waiting() -> dg.AutomationCondition:
    """A dependency that ought to rerun itself and cannot yet: its content is out of date."""
    waiting = _any_deps_moved().since_last_handled() & ~AC.will_be_requested()
    return AC.any_deps_match(waiting).with_label("any_deps_waiting")


def _lags(key: dg.AssetKey) -> dg.AutomationCondition:
    """The asset is older than one of its dependencies, or will be as soon as that has run.

    The bare form of `updated` carries timestamps: counts that a slow run wrote before new receipts,
    between the same two ticks, have not caught up.
    """
    updated = AC.any_deps_match(AC.newly_updated()).since(AC.newly_updated())
    soon = AC.any_deps_match(AC.will_be_requested() | AC.in_progress())
    lagging = AC.asset_matches(key, updated | soon)
    return lagging.with_label(f"{key.to_user_string()} lags")
