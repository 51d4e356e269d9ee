"""Who asked for a run, and the manifest of what it made."""

import json
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import dagster as dg

from hq_assets.problems.contract import SCHEMA_VERSION
from hq_assets.stages.request import RunRequest
from resources.home import project_root
from resources.store.artifact import Artifact

if TYPE_CHECKING:
    from hq_assets.stages.call import StageCall

PACKAGES = (
    "dagster",
    "qiskit",
    "qiskit-aer",
    "polars",
    "duckdb",
    "numpy",
    "scipy",
    "scikit-learn",
    "great-expectations",
)


def request_id_of(context: dg.AssetExecutionContext) -> str:
    """The request's id: given with the run from the first moment, else named after the run."""
    return RunRequest.of_run(context.run.run_id, context.run.tags).request_id


def manifest_of(
    call: "StageCall",
    artifact: Artifact,
    known: Mapping[str, Any],
    code_version: str,
    seconds: float,
) -> dict[str, Any]:
    """The manifest of a computed result: what the run, the workload and the stage know."""
    from hq_assets.lineage.manifest import build_manifest

    fields = {
        **inherited(call),
        **run_fields(call),
        **artifact_fields(call, artifact, code_version),
        **known,
        "timings": {"wall": seconds},
        "cache_hit": False,
        "origin": None,
    }
    return build_manifest(**fields)


INHERITED = (
    "source_hashes", "transforms", "encoding", "feature_map", "circuit_template", "template_version", "release_note",
    "circuit_fingerprint", "compiled_fingerprint", "transpile_options", "num_qubits", "depth", "two_qubit_gates",
    "provider", "backend", "backend_options", "target_fingerprint", "idempotency_key", "payload_fingerprint",
    "provider_job_id", "job_id", "shots", "method", "raw_response_ref", "cost_items", "tier", "profile",
)  # fmt: skip
"""Fields that a result takes over from the manifests of its inputs, the nearest input last."""


def inherited(call: "StageCall") -> dict[str, Any]:
    """What the manifests of the inputs say about data, circuits, backend and jobs."""
    found: dict[str, Any] = {}
    for name in reversed(list(call.inputs)):
        ref = materialized_manifest(call.context.instance, dg.AssetKey([call.spec.name, name]))
        if ref is not None:
            document = call.store.get_manifest(ref)
            found.update({key: document[key] for key in INHERITED if document.get(key) is not None})
    return found


def materialized_manifest(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """Manifest reference of an asset's latest materialization, or None."""
    event = instance.get_latest_materialization_event(key)
    materialization = event.asset_materialization if event else None
    entry = materialization.metadata.get("manifest") if materialization else None
    return str(entry.value) if entry is not None else None


def reused_manifest(call: "StageCall", origin_ref: str, code_version: str) -> dict[str, Any]:
    """The manifest of a cache hit: the original's content, this run's identity, and the origin's reference."""
    from hq_assets.lineage.manifest import rebuild_manifest

    return rebuild_manifest(
        call.store.get_manifest(origin_ref),
        **run_fields(call),
        inputs=input_versions(call),
        code_version=code_version,
        cache_hit=True,
        origin=origin_ref,
    )


def run_fields(call: "StageCall") -> dict[str, Any]:
    """Manifest fields of the run: who, why, when, with which packages and commit."""
    context = call.context
    request = RunRequest.of_run(context.run.run_id, context.run.tags)
    return {
        "request_id": request.request_id,
        "workflow_id": request.request_id,
        "correlation_id": request.correlation_id or request.request_id,
        "dagster_run_id": context.run.run_id,
        "trigger": request.trigger,
        "requested_by": request.requested_by,
        "purpose": request.purpose,
        "environment": context.resources.home.environment(),
        "packages": dict(package_versions()),
        "sdk_version": metadata.version("qiskit"),
        "git_commit": git_commit(),
    }


def input_versions(call: "StageCall") -> dict[str, str]:
    """Asset → data version of every input, as resolved when the step started."""
    return {f"{call.spec.name}/{name}": entry.data_version for name, entry in call.inputs.items()}


def artifact_fields(call: "StageCall", artifact: Artifact, code_version: str) -> dict[str, Any]:
    """Manifest fields of the workload and of the version that was made."""
    spec = call.spec
    context = spec.context
    business = ("criticality", "latency_class", "quantum_step", "success_metric", "thresholds", "owners", "consumer",
                "fallback_sentence", "data_class", "allowed_regions", "routing_policy", "team")  # fmt: skip
    return {
        **{name: context.get(name) for name in business},
        "workload": spec.name,
        "workload_version": spec.template_version,
        "stage": call.stage,
        "data_version": artifact.data_version,
        "code_version": code_version,
        "inputs": input_versions(call),
        "tables": {name: entry.model_dump(mode="json") for name, entry in artifact.tables.items()},
        "blobs": {name: entry.model_dump(mode="json") for name, entry in artifact.blobs.items()},
        "schema_version": {"manifest": None, "result": SCHEMA_VERSION},
        "backend_assumptions": dict(spec.backend_assumptions),
    }


@lru_cache(maxsize=1)
def package_versions() -> tuple[tuple[str, str], ...]:
    """Versions of the packages that make numbers, read once per process."""
    return tuple((name, metadata.version(name)) for name in PACKAGES)


@lru_cache(maxsize=1)
def git_commit() -> str | None:
    """Commit of the project, with `-dirty` where files differ from it; None outside a repository."""
    command = [
        "git",
        "-C",
        str(project_root()),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - fixed command
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


def canonical(document: Mapping[str, Any]) -> str:
    """Canonical JSON text of a document."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
