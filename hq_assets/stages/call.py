"""What a stage computes with and what it returns: the call, the profile, the kind's settings and verbs."""

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg

from hq_assets.problems.contract import KindSettings
from hq_assets.stages.spec import ProfileSpec, WorkloadSpec
from resources.backends.contract import Backend, BackendPlace
from resources.store.artifact import Artifact, BlobEntry

VERB_OF: Mapping[str, str] = {
    "cleaned_features": "clean",
    "encoded_inputs": "encode",
    "compiled_circuits": "construct_circuits",
    "normalized_results": "combine_results",
    "baselines": "solve_classically",
    "decisions": "decide",
}
"""Stage → the verb of the problem kind that it calls."""


class NotSettled(Exception):  # noqa: N818 - work that is still alive is no error
    """Jobs are alive, so the stage has no output yet; the message names them and says why."""


@dataclass(frozen=True)
class Produced:
    """What a stage computed.

    Attributes:
        tables: Name → Polars frame (lazy or not); the main one is named `rows`.
        documents: Name → JSON-able value that is content (transforms, reports), stored as a blob.
        blobs: Other files of the artifact, already stored.
        facts: Small canonical JSON values that are content.
        volatile: Columns that stand in the table but are not content (ids of one run).
        manifest: Manifest fields known to this stage.
        metadata: Numbers about this execution (not the content), for plots.
        committed: The artifact, where the stage commits it itself; then nothing else is stored.
    """

    tables: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, Any] = field(default_factory=dict)
    blobs: Mapping[str, BlobEntry] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    volatile: Sequence[str] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    committed: Artifact | None = None


@dataclass(frozen=True)
class StageCall:
    """Everything that a stage may use while it computes.

    Attributes:
        spec: The workload.
        stage: Name of the stage.
        context: Dagster's execution context.
        inputs: Upstream stage → the artifact version resolved once when the step started.
    """

    spec: WorkloadSpec
    stage: str
    context: dg.AssetExecutionContext
    inputs: Mapping[str, Artifact]

    @cached_property
    def store(self) -> Any:
        """The artifact store of this environment."""
        return self.context.resources.store.open()

    @cached_property
    def profile(self) -> ProfileSpec:
        """The profile that the profile asset holds."""
        return ProfileSpec.from_facts(self.inputs["profile"].facts)

    @cached_property
    def settings(self) -> KindSettings:
        """The kind's settings with the profile's overrides."""
        overrides = self.profile.overrides if "profile" in self.inputs else {}
        return kind_settings(self.spec, overrides)

    @cached_property
    def backend(self) -> Backend:
        """The backend that the target asset recorded.

        Raises:
            dagster.Failure: The launchpad names another backend than the recorded one.
        """
        recorded = self.inputs["target"].facts["backend"]
        resource = self.context.resources.backend
        chosen = resource.explicit()
        if chosen is not None and chosen != recorded:
            message = (
                f"This run chose backend '{chosen}', but {self.spec.name}/target records '{recorded}'. "
                f"Add {self.spec.name}/target to the selection, so that the switch is recorded."
            )
            raise dg.Failure(message, allow_retries=False)
        backend = self.open_backend(recorded)
        if backend.target_fingerprint() != self.inputs["target"].facts["target_fingerprint"]:
            message = (
                f"Backend '{recorded}' has another target than {self.spec.name}/target records. "
                f"Add {self.spec.name}/target to the selection, so that the change is recorded."
            )
            raise dg.Failure(message, allow_retries=False)
        return backend

    def open_backend(self, name: str) -> Backend:
        """Open a declared backend by name."""
        home = self.context.resources.home
        place = BackendPlace(blobs=self.store, spool=home.path("spool"))
        return self.context.resources.backend.open(name, place)

    def verb(self) -> Callable[..., Any]:
        """The function of the workload's problem kind for this stage."""
        name = VERB_OF[self.stage]
        module = importlib.import_module(f"hq_assets.problems.{self.spec.kind}.{name}")
        return getattr(module, name)

    def scan(self, stage: str, table: str = "rows") -> Any:
        """Lazy frame over a table of an input."""
        return self.store.scan_table(self.inputs[stage].tables[table])

    def document(self, artifact: Artifact, name: str) -> Any:
        """A JSON document of an artifact."""
        return json.loads(self.store.get_blob(artifact.blobs[name].ref))


def kind_settings(spec: WorkloadSpec, overrides: Mapping[str, Any]) -> KindSettings:
    """Validated settings of the workload's kind with a profile's overrides merged in, key by key."""
    return kind_class(spec).model_validate(merge(spec.problem, overrides))


def kind_class(spec: WorkloadSpec) -> type[KindSettings]:
    """The class of the settings of the workload's kind."""
    return importlib.import_module(f"hq_assets.problems.{spec.kind}.settings").Settings


def merge(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Deep merge: mappings key by key, everything else replaced."""
    merged = dict(base)
    for key, value in overrides.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if both else value  # pyright: ignore[reportArgumentType]
    return merged
