"""What the outside world would give now: versions of source files, chosen backend and chosen profile."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from hq_assets.audit.staleness import INPUT_TAG
from hq_assets.stages import profile, source, target
from hq_assets.stages.call import kind_settings
from hq_assets.stages.content import preview_version
from hq_assets.stages.spec import ProfileSpec, WorkloadSpec
from resources.backends.contract import BackendPlace
from resources.backends.resource import ENVIRONMENT_VARIABLE
from resources.environments import resources_for
from resources.home import hq_environment, hq_home
from resources.store.artifacts import ArtifactStore

RECENT = 20
"""Submissions that are looked through for an estimate."""


@dataclass(frozen=True)
class Choice:
    """What a person chose for this run.

    Attributes:
        backend: Name of a declared backend, or None.
        profile: Name of a declared profile, or None.
    """

    backend: str | None = None
    profile: str | None = None


@dataclass(frozen=True)
class InForce:
    """What a workload would run under now.

    Attributes:
        workload: Its name.
        profile: The profile in force.
        profile_by: What chose it: `--profile`, HQ_PROFILE, defs.yaml or rule.
        backend: Name of the backend.
        backend_by: What chose it: `--backend`, HQ_BACKEND or defs.yaml.
        executions: Circuit executions or pairs over all seeds; None where only the data tell.
        seconds: Estimate of the last submission under the same profile and target; None without one.
        versions: Data version that source, target and profile would have.
    """

    workload: str
    profile: ProfileSpec
    profile_by: str
    backend: str
    backend_by: str
    executions: int | None
    seconds: float | None
    versions: Mapping[dg.AssetKey, str]


def in_force(
    instance: dg.DagsterInstance, specs: Sequence[WorkloadSpec], choice: Choice
) -> list[InForce]:
    """What each workload would run under now, in the order of the workloads.

    Raises:
        DataError: No source file, an unknown profile, or one that the backend cannot run.
        BackendError: An unknown backend.
    """
    resource = resources_for(hq_environment())["backend"]
    place = BackendPlace(blobs=ArtifactStore(str(hq_home() / "store")), spool=hq_home() / "spool")
    found = []
    for spec in specs:
        name = choice.backend or resource.choose(spec.default_backend)  # pyright: ignore[reportAttributeAccessIssue]
        backend = resource.open(name, place)  # pyright: ignore[reportAttributeAccessIssue]
        limits = backend.limits().model_dump(mode="json")
        wanted = choice.profile if any(p.name == choice.profile for p in spec.profiles) else None
        chosen, by = profile.choose_profile(spec, limits, wanted, os.environ.get("HQ_PROFILE"))
        roots = {
            "target": preview_version(spec.name, "target", target.produce(backend)),
            "profile": preview_version(spec.name, "profile", profile.produce(chosen)),
        }
        versions = {"source": source.content_version(spec), **roots}
        force = InForce(
            workload=spec.name,
            profile=chosen,
            profile_by="--profile" if by == "launchpad" else by,
            backend=name,
            backend_by=_backend_by(choice),
            executions=kind_settings(spec, chosen.overrides).estimated_pubs(chosen.seeds),
            seconds=last_estimate(instance, spec.name, roots),
            versions={dg.AssetKey([spec.name, stage]): v for stage, v in versions.items()},
        )
        found.append(force)
    return found


def last_estimate(
    instance: dg.DagsterInstance, workload: str, roots: Mapping[str, str]
) -> float | None:
    """Seconds that the backend estimated for the last submission made from these versions, if any.

    Args:
        instance: Dagster's instance.
        workload: Name of the workload.
        roots: Stage → data version that the submission must have had upstream.
    """
    wanted = {f"{INPUT_TAG}{workload}/{stage}": version for stage, version in roots.items()}
    key = dg.AssetKey([workload, "job_receipts"])
    for record in instance.fetch_materializations(key, limit=RECENT).records:
        materialization = record.asset_materialization
        if materialization is None:
            continue
        estimate = materialization.metadata.get("estimated_seconds")
        # A submission that was taken from the store again states no estimate of its own.
        if estimate is not None and wanted.items() <= (materialization.tags or {}).items():
            return float(estimate.value)  # pyright: ignore[reportArgumentType]
    return None


def _backend_by(choice: Choice) -> str:
    if choice.backend is not None:
        return "--backend"
    return ENVIRONMENT_VARIABLE if os.environ.get(ENVIRONMENT_VARIABLE) else "defs.yaml"
