"""What the checks of a workload know about it before any row is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

TIERS = ("quantum", "simulator", "classical", "cached", "pending")
METHODS = ("sampled", "exact", "binomial")
STATUSES = ("ok", "changed", "dropped", "error", "unsupported", "not_applicable")
USABLE = ("ok", "changed")
"""Statuses of rows that go on to the next stage."""
EXPLAINED = tuple(status for status in STATUSES if status != "ok")
"""Statuses that owe a reason."""
SPLITS = ("train", "test", "unused")
OUTCOMES = ("action", "recommendation", "abstain", "retrain")


@dataclass(frozen=True)
class CheckFacts:
    """Small facts of a workload and its problem kind; a suite is a pure function of them.

    Attributes:
        value_columns: Columns of `cleaned_features` that must be finite numbers in usable rows.
        label_column: Column of `cleaned_features` with the class, or None where there is none.
        label_values: Allowed classes; empty where any is allowed.
        label_share: Smallest and largest share that each class may have among training rows.
        encoding_range: Smallest and largest encoded value (angles in radians), or None.
        feature_contract: Feature → `fixed` (drift stops the chain) or `may_drift` (drift is
            reported); a feature that is not named may drift.
        drift_false_alarm_rate: Chance that all drift tests of one stage together raise an alarm
            although nothing drifted.
        one_row_per_record: Whether, under each seed, each record of the source becomes exactly one
            cleaned row, and each usable training or test record exactly one encoded row.
        negative_probabilities: Whether quasi-probabilities below zero are declared.
        simulators: Names of backends that are no quantum computer; rows of tier `quantum` must not
            come from them.
        row_limit: Rows up to which Great Expectations sees every row.
        sampling_seed: Seed of the sample that it sees above the limit.
    """

    value_columns: tuple[str, ...] = ()
    label_column: str | None = None
    label_values: tuple[str, ...] = ()
    label_share: tuple[float, float] = (0.02, 0.98)
    encoding_range: tuple[float, float] | None = None
    feature_contract: Mapping[str, Literal["fixed", "may_drift"]] = field(default_factory=dict)
    drift_false_alarm_rate: float = 0.001
    one_row_per_record: bool = False
    negative_probabilities: bool = False
    simulators: tuple[str, ...] = ()
    row_limit: int = 1_000_000
    sampling_seed: int = 0
