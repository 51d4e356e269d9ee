"""What the outside world would give now: versions of source files, chosen backend and chosen profile."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from hq_assets.stages import profile, source, target
from hq_assets.stages.content import preview_version
from hq_assets.stages.spec import WorkloadSpec
from resources.backends.contract import BackendPlace
from resources.environments import resources_for
from resources.home import hq_environment, hq_home
from resources.store.artifacts import ArtifactStore


@dataclass(frozen=True)
class Choice:
    """What a person chose for this run.

    Attributes:
        backend: Name of a declared backend, or None.
        profile: Name of a declared profile, or None.
    """

    backend: str | None = None
    profile: str | None = None


def outside_versions(specs: Sequence[WorkloadSpec], choice: Choice) -> dict[dg.AssetKey, str]:
    """Data version that source, target and profile of each workload would have now.

    Raises:
        DataError: No source file, an unknown profile, or one that the backend cannot run.
        BackendError: An unknown backend.
    """
    resource = resources_for(hq_environment())["backend"]
    place = BackendPlace(blobs=ArtifactStore(str(hq_home() / "store")), spool=hq_home() / "spool")
    found: dict[dg.AssetKey, str] = {}
    for spec in specs:
        name = choice.backend or resource.choose(spec.default_backend)  # pyright: ignore[reportAttributeAccessIssue]
        backend = resource.open(name, place)  # pyright: ignore[reportAttributeAccessIssue]
        limits = backend.limits().model_dump(mode="json")
        wanted = choice.profile if any(p.name == choice.profile for p in spec.profiles) else None
        chosen, _ = profile.choose_profile(spec, limits, wanted, os.environ.get("HQ_PROFILE"))
        found[dg.AssetKey([spec.name, "source"])] = source.content_version(spec)
        found[dg.AssetKey([spec.name, "target"])] = preview_version(
            spec.name, "target", target.produce(backend)
        )
        found[dg.AssetKey([spec.name, "profile"])] = preview_version(
            spec.name, "profile", profile.produce(chosen)
        )
    return found
