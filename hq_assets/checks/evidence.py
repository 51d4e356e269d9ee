"""What a judgement may look at: the checked stage and those that it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl


@dataclass(frozen=True)
class Evidence:
    """Tables and facts by stage.

    Attributes:
        tables: Stage → table name → lazy frame; the main table is named `rows`.
        facts: Stage → small facts of its artifact.
    """

    tables: Mapping[str, Mapping[str, pl.LazyFrame]]
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def rows(self, stage: str) -> pl.LazyFrame:
        """The main table of a stage."""
        return self.tables[stage]["rows"]

    def table(self, stage: str, name: str) -> pl.LazyFrame | None:
        """Another table of a stage, or None where it has none."""
        return self.tables[stage].get(name)

    def facts_of(self, stage: str) -> Mapping[str, Any]:
        """Small facts of a stage's artifact."""
        return self.facts.get(stage, {})
