"""HybridWorkload: one defs.yaml becomes source, stages, checks, job and schedule of a workload."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import dagster as dg
from pydantic import BaseModel, Field, PrivateAttr, ValidationError, field_validator

from hq_assets.components.file_errors import WorkloadFileError, refuse, refuse_invalid
from hq_assets.components.header import missing_columns
from hq_assets.components.names import name_problem
from hq_assets.components.sections import (
    BackendAssumptions,
    Charter,
    Execution,
    Nightly,
    Profile,
    Template,
    shots_problem,
)
from hq_assets.components.wiring import workload_definitions
from hq_assets.problems.contract import KindSettings
from hq_assets.stages.call import kind_class, kind_settings
from hq_assets.stages.source import source_paths
from hq_assets.stages.spec import ProfileSpec, WorkloadSpec
from resources.backends.devices import unknown_name
from resources.environments import declared_backends
from resources.home import hq_environment

JINJA_MARKS = ("{{", "{%", "{#")


class HybridWorkload(dg.Component, dg.Model, dg.Resolvable):
    """A business problem solved through the five stages, declared in one file."""

    description: str = Field(
        min_length=10, description="What is decided, for whom, from which data"
    )
    sources: list[str] = Field(
        min_length=1, description="Glob patterns of the source files below this folder"
    )
    charter: Charter
    team: str = Field(description="Team that the work is charged to")
    data_class: Literal["public", "internal", "confidential", "sensitive"] = Field(
        description="Decides which backends may see the data"
    )
    allowed_regions: list[str] = Field(
        default_factory=list, description="Regions of permitted backends; empty: any"
    )
    routing_policy: Literal["quantum_first", "simulator_first", "classical_first"] = Field(
        default="simulator_first", description="Order in which tiers are tried"
    )
    template: Template
    problem: dict[str, Any] = Field(description="`kind` and the settings of that kind")
    backend: str = Field(
        default="ideal_aer",
        description="Declared backend; HQ_BACKEND and the launchpad overrule it",
    )
    backend_assumptions: BackendAssumptions = Field(default_factory=BackendAssumptions)
    execution: Execution = Field(default_factory=Execution)
    profile: str | None = Field(
        default=None, description="Declared profile; empty: the first that the backend can run"
    )
    profiles: dict[str, Profile] = Field(
        min_length=1, description="Declared ways to run the workload"
    )
    schedule: Nightly = Field(default_factory=Nightly)
    tags: dict[str, str] = Field(default_factory=dict, description="Dagster tags of every asset")

    _spec: WorkloadSpec | None = PrivateAttr(default=None)

    @field_validator("tags")
    @classmethod
    def _dagster_takes_the_tags(cls, value: dict[str, str]) -> dict[str, str]:
        try:
            dg.AssetSpec("tagged", tags=value)
        except dg.DagsterInvalidDefinitionError as error:
            raise ValueError(str(error)) from error
        return value

    def loaded_spec(self) -> WorkloadSpec:
        """The workload as plain values, after its definitions were built.

        Raises:
            RuntimeError: The definitions were not built yet.
        """
        if self._spec is None:
            message = "build_defs was not called for this workload"
            raise RuntimeError(message)
        return self._spec

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: BaseModel) -> Self:
        """The component of a file's attributes; only a file with templates is rendered.

        Rendering compiles every text as a Jinja template, and makes a number of a text like "1".
        """
        given = model.model_dump(exclude_unset=True)
        if has_template(given):
            return super().resolve_from_model(context, model)
        return cls.model_validate(given)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Validate what spans sections, then build the workload's definitions.

        Raises:
            WorkloadFileError: File, line, what was given and what is allowed.
        """
        folder = Path(context.path)
        file = folder / "defs.yaml"
        problem = name_problem(folder.name)
        if problem is not None:
            message = f"{folder}: {problem}"
            raise WorkloadFileError(message)
        spec = self.spec(folder, self._kind(file))
        self._check_choices(file)
        self._check_settings(file, spec)
        self._spec = spec
        return workload_definitions(spec, self.schedule)

    def _kind(self, file: Path) -> str:
        """The problem kind, which must be a folder of hq_assets/problems."""
        kind = self.problem.get("kind")
        known = known_kinds()
        if kind not in known:
            keys = ["attributes", "problem", "kind"]
            raise refuse(
                file, keys, f"'{kind}' is no problem kind; allowed are: {', '.join(known)}"
            )
        return str(kind)

    def _check_choices(self, file: Path) -> None:
        """Names that refer to something declared elsewhere."""
        backends = declared_backends(hq_environment())
        if self.backend not in backends:
            message = unknown_name("backend", self.backend, backends)
            raise refuse(file, ["attributes", "backend"], message)
        if self.profile is not None and self.profile not in self.profiles:
            message = (
                f"'{self.profile}' is no declared profile; allowed are: {', '.join(self.profiles)}"
            )
            raise refuse(file, ["attributes", "profile"], message)
        for name, profile in self.profiles.items():
            problem = shots_problem(name, profile)
            if problem is not None:
                raise refuse(file, ["attributes", "profiles", name, "shots"], problem)

    def _check_settings(self, file: Path, spec: WorkloadSpec) -> None:
        """The kind's settings, alone and under every profile, and the header of the source files."""
        settings = _validated(file, spec, ["attributes", "problem"], {})
        for name, profile in self.profiles.items():
            _validated(file, spec, ["attributes", "profiles", name, "problem"], profile.problem)
        self._check_metric(file, settings)
        for path in source_paths(spec):
            missing, found = missing_columns(path, settings.required_columns())
            if missing:
                message = (
                    f"{path.name} lacks column {', '.join(missing)}; its header has: {', '.join(found)}. "
                    "Name the file's own columns in `problem`, or take the file out of `sources`."
                )
                raise refuse(file, ["attributes", "sources"], message)

    def _check_metric(self, file: Path, settings: KindSettings) -> None:
        """The success metric must be one that the kind's decisions report."""
        metric, known = self.charter.success_metric, settings.metric_names()
        if known and metric not in known:
            message = f"'{metric}' is no metric of these decisions; allowed are: {', '.join(known)}"
            raise refuse(file, ["attributes", "charter", "success_metric"], message)

    def spec(self, folder: Path, kind: str) -> WorkloadSpec:
        """The workload as plain values, for the stages."""
        charter = self.charter.model_dump()
        return WorkloadSpec(
            name=folder.name,
            folder=folder,
            sources=tuple(self.sources),
            kind=kind,
            problem={key: value for key, value in self.problem.items() if key != "kind"},
            profiles=tuple(_profile_spec(name, profile) for name, profile in self.profiles.items()),
            default_profile=self.profile,
            default_backend=self.backend,
            template_version=self.template.version,
            release_note=self.template.release_note,
            **self.execution.model_dump(),
            backend_assumptions=self.backend_assumptions.model_dump(),
            context={
                **charter,
                "team": self.team,
                "data_class": self.data_class,
                "allowed_regions": self.allowed_regions,
                "routing_policy": self.routing_policy,
            },
            description=self.description,
            owners=tuple(dict.fromkeys(charter["owners"].values())),
            tags=self.tags,
        )


def has_template(value: Any) -> bool:
    """Whether a text anywhere in a value has an opening mark of Jinja."""
    if isinstance(value, str):
        return any(mark in value for mark in JINJA_MARKS)
    if isinstance(value, Mapping):
        return any(has_template(part) for part in value.values())
    return isinstance(value, Sequence) and any(has_template(part) for part in value)


def _profile_spec(name: str, profile: Profile) -> ProfileSpec:
    return ProfileSpec(
        name=name,
        method=profile.method,
        shots=profile.shots,
        seeds=tuple(profile.seeds),
        overrides=profile.problem,
        requires=tuple(profile.requires),
    )


def _validated(
    file: Path, spec: WorkloadSpec, keys: list[str | int], overrides: dict[str, Any]
) -> KindSettings:
    """Settings of the kind with overrides; what is wrong is located in the file."""
    try:
        return kind_settings(spec, overrides)
    except ValidationError as error:
        raise refuse_invalid(file, keys, error, kind_class(spec)) from error


def known_kinds() -> list[str]:
    """Problem kinds: the folders of hq_assets/problems that declare settings."""
    package = importlib.util.find_spec("hq_assets.problems")
    if package is None or not package.submodule_search_locations:
        return []
    root = Path(package.submodule_search_locations[0])
    return sorted(path.parent.name for path in root.glob("*/settings.py"))
