"""From a validated workload to Dagster definitions: assets, checks, job and schedule."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import dagster as dg

from hq_assets.checks.assets import build_checks
from hq_assets.checks.facts import CheckFacts
from hq_assets.components.sections import Nightly
from hq_assets.lineage.code_fingerprint import code_version
from hq_assets.stages import (
    baselines,
    cleaned_features,
    compiled_circuits,
    decisions,
    encoded_inputs,
    job_receipts,
    normalized_results,
    profile,
    raw_counts,
    source,
    target,
)
from hq_assets.stages.automation import check_condition
from hq_assets.stages.call import VERB_OF, kind_settings
from hq_assets.stages.spec import STAGES, UPSTREAM, WorkloadSpec
from resources.environments import SIMULATORS

MODULES: Mapping[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        source,
        target,
        profile,
        cleaned_features,
        encoded_inputs,
        compiled_circuits,
        job_receipts,
        raw_counts,
        baselines,
        normalized_results,
        decisions,
    )
}
"""Stage → its module."""


NO_CONTENT = (
    "hq_assets.lineage.code_fingerprint",
    "hq_assets.lineage.manifest",
    "hq_assets.stages.automation",
    "hq_assets.stages.columns",
    "hq_assets.stages.pictures",
    "hq_assets.stages.provenance",
    "hq_assets.stages.rendering",
    "hq_assets.stages.standing",
    "resources.home",
    "resources.ledger",
    "resources.store",
)
"""Modules that say how a result is kept, shown, described or started, and cannot change what it is."""


def workload_definitions(spec: WorkloadSpec, nightly: Nightly) -> dg.Definitions:
    """Everything that Dagster shows of one workload."""
    assets = [MODULES[stage].build(spec, stage_code_version(spec, stage)) for stage in STAGES]
    facts = CheckFacts(**kind_settings(spec, {}).data_contract(), simulators=tuple(SIMULATORS))
    checks = [
        check
        for stage in STAGES
        for check in build_checks(
            spec.name,
            stage,
            UPSTREAM[stage],
            facts,
            check_condition(dg.AssetKey([spec.name, stage])),
        )
    ]
    selection = dg.AssetSelection.assets(*[[spec.name, stage] for stage in STAGES])
    job = dg.define_asset_job(
        spec.name,
        selection=selection,
        description=f"All stages of {spec.name} with their checks. {spec.description}",
        tags={"hq/workload": spec.name},
    )
    status = (
        dg.DefaultScheduleStatus.RUNNING if nightly.running else dg.DefaultScheduleStatus.STOPPED
    )
    schedule = dg.ScheduleDefinition(
        name=f"{spec.name}_nightly",
        job=job,
        cron_schedule=nightly.cron,
        execution_timezone=nightly.timezone,
        description=f"Brings {spec.name} up to date; unchanged stages are cache hits.",
        default_status=status,
    )
    return dg.Definitions(assets=assets, asset_checks=checks, jobs=[job], schedules=[schedule])


def stage_code_version(spec: WorkloadSpec, stage: str, root: str | None = None) -> str:
    """Hash of the code, the settings and the package versions that make a stage.

    Args:
        spec: The workload.
        stage: Name of the stage.
        root: Folder that holds the packages; by default the one that this code stands in.
    """
    verb = VERB_OF.get(stage)
    also = [f"hq_assets.problems.{spec.kind}.{verb}"] if verb else []
    settings = settings_part(spec, stage)
    return code_version(
        MODULES[stage].__name__, also=also, settings=settings, stop_at=NO_CONTENT, root=root
    )


def settings_part(spec: WorkloadSpec, stage: str) -> dict[str, Any]:
    """The part of the defs.yaml that a stage reads, apart from what a profile replaces."""
    verb = VERB_OF.get(stage)
    part: dict[str, Any] = {}
    if verb:
        part["problem"] = kind_settings(spec, {}).part_for(verb)
    if stage == "source":
        part["sources"] = list(spec.sources)
    if stage == "target":
        part["default_backend"] = spec.default_backend
    if stage == "profile":
        part["profiles"] = [entry.as_facts() for entry in spec.profiles]
        part["default_profile"] = spec.default_profile
    if stage == "compiled_circuits":
        part["template"] = [spec.template_version, spec.release_note]
        part["transpiler"] = [spec.optimization_level, spec.seed_transpiler]
        part["backend_assumptions"] = dict(spec.backend_assumptions)
    if stage == "job_receipts":
        part["seed_simulator"] = spec.seed_simulator
        part["time_to_answer_seconds"] = spec.context["thresholds"]["time_to_answer_seconds"]
    return part
