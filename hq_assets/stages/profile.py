"""Stage `profile`: which declared profile this workload runs under, and who chose it.

Precedence: launchpad, `HQ_PROFILE`, the defs.yaml, then the rule: the first declared profile that the
backend can run. A switch arrives downstream as a new data version; it never happens silently.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dagster as dg

from hq_assets.problems.contract import DataError
from hq_assets.stages.call import Produced, StageCall, kind_settings
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.rendering import facts_table, in_words
from hq_assets.stages.spec import ProfileSpec, WorkloadSpec
from resources.store.artifact import Artifact

STAGE = "profile"
CONFIG = {
    "name": dg.Field(
        dg.Noneable(str),
        default_value=None,
        is_required=False,
        description="Declared profile; empty: HQ_PROFILE, the defs.yaml, or the first that can run",
    )
}


def choose_profile(
    spec: WorkloadSpec, limits: Mapping[str, Any], launchpad: str | None, environment: str | None
) -> tuple[ProfileSpec, str]:
    """The profile in force and what chose it (`launchpad`, `HQ_PROFILE`, `defs.yaml` or `rule`).

    Args:
        spec: The workload.
        limits: Limits of the backend in force, as the target asset holds them.
        launchpad: Name given in the launchpad or by `hq run --profile`, if any.
        environment: Value of `HQ_PROFILE`, if any; ignored if this workload declares no such profile.

    Raises:
        DataError: The named profile is not declared, or the backend cannot run it.
    """
    declared = [profile.name for profile in spec.profiles]
    if environment not in declared:
        environment = None
    for name, source in (
        (launchpad, "launchpad"),
        (environment, "HQ_PROFILE"),
        (spec.default_profile, "defs.yaml"),
    ):
        if name is not None:
            return _checked(spec, limits, name, source, declared), source
    for profile in spec.profiles:
        if runs_on(profile, limits):
            return profile, "rule"
    names = ", ".join(declared)
    message = f"No profile of {spec.name} ({names}) can run on this backend. Declare one without `requires`."
    raise DataError(message)


def _checked(
    spec: WorkloadSpec, limits: Mapping[str, Any], name: str, source: str, declared: list[str]
) -> ProfileSpec:
    if name not in declared:
        message = f"{source} asks for profile '{name}' of {spec.name}. Declared are: {', '.join(declared)}."
        raise DataError(message)
    profile = spec.profile(name)
    if not runs_on(profile, limits):
        message = (
            f"Profile '{name}' of {spec.name} needs {', '.join(profile.requires)}, which this backend does not offer. "
            "Choose another profile or backend."
        )
        raise DataError(message)
    return profile


def runs_on(profile: ProfileSpec, limits: Mapping[str, Any]) -> bool:
    """Whether a backend with these limits offers what the profile requires."""
    return not profile.needs_overlaps or bool(limits["offers_overlaps"])


def produce(profile: ProfileSpec) -> Produced:
    """What the profile asset holds of a declared profile."""
    import polars as pl

    frame = pl.DataFrame(
        {"name": [profile.name], "method": [profile.method], "shots": [profile.shots]}
    )
    return Produced(
        tables={"rows": frame}, facts=profile.as_facts(), manifest={"profile": profile.name}
    )


def compute(call: StageCall) -> Produced:
    """Choose the profile and record its content."""
    limits = call.inputs["target"].facts["limits"]
    launchpad = (call.context.op_execution_context.op_config or {}).get("name")
    asked = os.environ.get("HQ_PROFILE") or None
    declared = [entry.name for entry in call.spec.profiles]
    if asked is not None and asked not in declared:
        call.context.log.warning(
            "HQ_PROFILE=%s is ignored: %s declares %s", asked, call.spec.name, ", ".join(declared)
        )
    profile, source = choose_profile(call.spec, limits, launchpad, asked)
    return replace(produce(profile), metadata={"chosen_by": source})


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """The profile's content and what it will cost in circuit executions."""
    profile = ProfileSpec.from_facts(artifact.facts)
    settings = kind_settings(call.spec, profile.overrides)
    executions = settings.estimated_pubs(profile.seeds)
    entries = {
        "profile": profile.name,
        "method": profile.method,
        "shots": profile.shots,
        "seeds": len(profile.seeds),
        "seeds_declared": in_words(artifact.facts["seeds"]),
        "requires": in_words(artifact.facts["requires"]),
        "settings_replaced": dg.MetadataValue.md(facts_table(profile.overrides))
        if profile.overrides
        else "none",
    }
    if executions is not None:
        entries["estimated_executions"] = executions
        entries["estimated_shots"] = executions * profile.shots
    return entries


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/profile`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="The declared profile in force: method, shots, seeds and settings that it replaces; one row.",
        kinds={"yaml"},
        compute=compute,
        describe=describe,
        config_schema=CONFIG,
    )
