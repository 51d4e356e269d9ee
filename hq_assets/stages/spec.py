"""What a stage knows of its workload: the validated content of a defs.yaml as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

STAGES = (
    "source",
    "target",
    "profile",
    "cleaned_features",
    "encoded_inputs",
    "compiled_circuits",
    "job_receipts",
    "raw_counts",
    "baselines",
    "normalized_results",
    "decisions",
)
"""Every stage, in the order of the chain."""

UPSTREAM: Mapping[str, tuple[str, ...]] = {
    "source": (),
    "target": (),
    "profile": ("target",),
    "cleaned_features": ("source", "profile"),
    "encoded_inputs": ("cleaned_features", "profile"),
    "compiled_circuits": ("encoded_inputs", "target", "profile"),
    "job_receipts": ("compiled_circuits", "encoded_inputs", "target", "profile"),
    "raw_counts": ("job_receipts",),
    "baselines": ("cleaned_features", "profile"),
    "normalized_results": ("raw_counts", "encoded_inputs", "baselines", "profile"),
    "decisions": ("normalized_results", "baselines", "cleaned_features", "profile"),
}
"""Stage → stages whose artifacts it receives."""

ROOTS = ("source", "target", "profile")
"""Stages whose content comes from outside: files, the chosen backend, the chosen profile."""


@dataclass(frozen=True)
class ProfileSpec:
    """One declared way to run a workload.

    Attributes:
        name: Name in the `profiles` section.
        method: How counts arise: sampled, exact or binomial.
        shots: Shots per execution; 0 for exact.
        seeds: Declared seeds of the split; the first is the published one.
        overrides: Problem settings that this profile replaces.
        requires: Capabilities that the backend must offer, e.g. `exact_overlaps`.
    """

    name: str
    method: Literal["sampled", "exact", "binomial"]
    shots: int
    seeds: tuple[int, ...]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    requires: tuple[str, ...] = ()

    @property
    def needs_overlaps(self) -> bool:
        """Whether only a backend with exact overlaps can run this profile."""
        return "exact_overlaps" in self.requires

    def as_facts(self) -> dict[str, Any]:
        """Canonical JSON-able content, which the profile asset holds."""
        return {
            "name": self.name,
            "method": self.method,
            "shots": self.shots,
            "seeds": list(self.seeds),
            "requires": list(self.requires),
            "overrides": dict(self.overrides),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "ProfileSpec":
        """Rebuild a profile from what the profile asset holds."""
        return cls(
            name=facts["name"],
            method=facts["method"],
            shots=facts["shots"],
            seeds=tuple(facts["seeds"]),
            requires=tuple(facts["requires"]),
            overrides=facts["overrides"],
        )


@dataclass(frozen=True)
class WorkloadSpec:
    """One workload, as its defs.yaml declares it.

    Attributes:
        name: Folder name; group and key prefix of its assets.
        folder: The workload's folder.
        sources: Glob patterns of the source files below the folder.
        kind: Problem kind, a folder of `hq_assets/problems`.
        problem: Settings of the kind, before a profile's overrides.
        profiles: Declared profiles in order; the rule picks the first that the backend can run.
        default_profile: Profile named by the defs.yaml, or None for the rule.
        default_backend: Backend named by the defs.yaml.
        template_version: Semantic version of the circuit templates.
        release_note: What changed with that version.
        optimization_level: Transpiler level.
        seed_transpiler: Seed of the transpiler.
        seed_simulator: Seed of simulators.
        backend_assumptions: What the workload expects of any target.
        context: Business context for manifests: charter, data class, routing policy, team, owners.
        description: What the workload decides, for the UI.
        owners: Dagster owners.
        tags: Dagster tags.
    """

    name: str
    folder: Path
    sources: tuple[str, ...]
    kind: str
    problem: Mapping[str, Any]
    profiles: tuple[ProfileSpec, ...]
    default_profile: str | None
    default_backend: str
    template_version: str
    release_note: str
    optimization_level: int = 1
    seed_transpiler: int = 0
    seed_simulator: int = 0
    backend_assumptions: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def profile(self, name: str) -> ProfileSpec:
        """The declared profile of that name.

        Raises:
            KeyError: No such profile; the message lists the declared ones.
        """
        for profile in self.profiles:
            if profile.name == name:
                return profile
        known = ", ".join(profile.name for profile in self.profiles)
        message = f"workload {self.name} has no profile '{name}'; declared are: {known}"
        raise KeyError(message)
