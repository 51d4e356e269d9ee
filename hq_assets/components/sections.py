"""The sections of a workload's defs.yaml: charter, template, execution, profiles, schedule.

Every key is declared here from the first day, because unknown keys are refused and a later addition would
break files that people have already written.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import dagster as dg
from pydantic import Field, StringConstraints, field_validator, model_validator

Semver = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")]
Sentence = Annotated[str, StringConstraints(min_length=10)]


class Section(dg.Model, dg.Resolvable):
    """Base of the sections: immutable, unknown keys refused."""


class Thresholds(Section):
    """What the workload must reach to be worth running."""

    quality: float = Field(description="Least acceptable value of the success metric")
    time_to_answer_seconds: float = Field(
        gt=0, description="Longest acceptable time from data to decision"
    )
    cost_usd: float = Field(ge=0, description="Highest acceptable cost of one complete run")


class Owners(Section):
    """Who answers for each layer: e-mail addresses or `team:name`."""

    orchestration: str = Field(description="Pipeline, schedules, sensors")
    kernel: str = Field(description="Circuits and their meaning")
    sdk: str = Field(description="Upkeep of the quantum SDKs")
    incidents: str = Field(description="Who is called")

    @field_validator("orchestration", "kernel", "sdk", "incidents")
    @classmethod
    def _is_owner(cls, value: str) -> str:
        if not re.fullmatch(r"team:[\w-]+|[^@\s]+@[^@\s]+\.[^@\s]+", value):
            message = f"'{value}' is no owner; give an e-mail address or 'team:name'"
            raise ValueError(message)
        return value


class Charter(Section):
    """Why the workload exists, what it must reach, and who stands behind it."""

    success_metric: str = Field(
        description="The metric that decides about success, as named in the decisions"
    )
    thresholds: Thresholds
    criticality: Literal["exploratory", "decision support", "critical"] = Field(
        description="How much depends on the answer"
    )
    latency_class: Literal["interactive", "batch"] = Field(
        description="Whether somebody waits for the answer"
    )
    quantum_step: Literal["optional", "required"] = Field(
        description="Whether an answer without a quantum step is an answer at all"
    )
    owners: Owners
    consumer: str = Field(description="Who reads the decisions")
    fallback_sentence: Sentence = Field(
        description="What users are told when something else than quantum answered"
    )


class Template(Section):
    """Version of the circuit templates."""

    version: Semver = Field(
        description="Semantic version; raise it with every change of the circuits"
    )
    release_note: Sentence = Field(description="What changed with this version")


class Execution(Section):
    """Settings of transpiler and simulators; each is part of the result's key."""

    optimization_level: Literal[0, 1, 2, 3] = Field(
        default=1, description="Effort of the transpiler"
    )
    seed_transpiler: int = Field(default=0, ge=0, description="Seed of the transpiler")
    seed_simulator: int = Field(default=0, ge=0, description="Seed of simulators")


class BackendAssumptions(Section):
    """What the workload expects of any target; checked at preflight."""

    min_qubits: int | None = Field(
        default=None, ge=1, description="Qubits that the target must have"
    )
    max_depth: int | None = Field(
        default=None, ge=1, description="Deepest acceptable compiled circuit"
    )
    max_two_qubit_gates: int | None = Field(
        default=None, ge=0, description="Most two-qubit gates per circuit"
    )
    native_gates: list[str] | None = Field(
        default=None, description="Operations that the target must offer"
    )
    coupling: Literal["any", "all_to_all", "connected"] = Field(
        default="any", description="Connectivity needed"
    )


class Profile(Section):
    """One declared way to run the workload."""

    method: Literal["sampled", "exact", "binomial"] = Field(description="How counts arise")
    shots: int = Field(ge=0, description="Shots per circuit execution; 0 only for exact")
    seeds: list[int] = Field(
        min_length=1, description="Seeds of the split; the first is the published one"
    )
    requires: list[Literal["exact_overlaps"]] = Field(
        default_factory=list, description="What the backend must offer"
    )
    problem: dict[str, Any] = Field(
        default_factory=dict, description="Settings of the problem that this profile replaces"
    )

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, value: list[int]) -> list[int]:
        if len(set(value)) != len(value):
            message = f"seeds {value} are not distinct; name each seed once"
            raise ValueError(message)
        return value


class Nightly(Section):
    """When the workload is brought up to date without being asked."""

    cron: str = Field(default="0 2 * * *", description="Cron expression")
    timezone: str = Field(default="UTC", description="IANA time zone")
    running: bool = Field(
        default=False, description="Whether the schedule is on when first deployed"
    )

    @model_validator(mode="after")
    def _dagster_takes_it(self) -> Self:
        try:
            dg.ScheduleDefinition(
                name="checked",
                job_name="checked",
                cron_schedule=self.cron,
                execution_timezone=self.timezone,
            )
        except dg.DagsterInvalidDefinitionError as error:
            message = (
                f"cron '{self.cron}' with timezone '{self.timezone}' is no schedule; "
                "give five cron fields and an IANA time zone"
            )
            raise ValueError(message) from error
        return self


def shots_problem(name: str, profile: Profile) -> str | None:
    """Why a profile's shots do not fit its method, or None."""
    if profile.method == "exact" and profile.shots != 0:
        return f"profile '{name}' is exact but asks for {profile.shots} shots; give 0, or method binomial"
    if profile.method != "exact" and profile.shots == 0:
        return f"profile '{name}' is {profile.method} but asks for 0 shots; give at least 1, or method exact"
    return None


Tags = Mapping[str, str]
