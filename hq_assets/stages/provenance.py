"""Who asked for a run, and the manifest of what it made."""

import json
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import dagster as dg

from hq_assets.problems.contract import SCHEMA_VERSION, KindSettings
from hq_assets.stages.call import kind_settings
from hq_assets.stages.request import RunRequest
from hq_assets.stages.spec import UPSTREAM, WorkloadSpec
from hq_assets.stages.standing import resolved_materialization
from resources.home import hq_environment, project_root
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
    """The manifest of a computed result: what the run, the workload, the inputs and the stage know."""
    from hq_assets.lineage.manifest import build_manifest
    from hq_assets.stages.manifest_facts import stage_facts

    fields, reasons = inherited(call)
    earlier = fields.get("transforms", [])
    add_fields(fields, reasons, run_fields(call))
    add_fields(fields, reasons, declared_fields(call.spec, artifact, code_version, call.settings))
    add_fields(fields, reasons, known)
    add_fields(fields, reasons, stage_facts(call, artifact, fields))
    if call.stage == "encoded_inputs":
        fields["transforms"] = [*earlier, *fields["transforms"]]
    result = {
        "inputs": input_versions(call),
        "timings": {"wall": seconds},
        "cache_hit": False,
        "origin": None,
    }
    return build_manifest(reasons, **{**fields, **result})


INHERITED = (
    "source_hashes", "split", "seeds", "transforms", "input_hash", "encoding", "feature_map", "feature_map_cost",
    "circuit_template", "template_version", "release_note", "circuit_fingerprint", "compiled_fingerprint",
    "measurement", "transpile_options", "num_qubits", "depth", "two_qubit_gates", "provider", "backend",
    "backend_options", "target_fingerprint", "calibration_id", "idempotency_key", "payload_fingerprint",
    "payload_ref", "provider_job_id", "job_id", "attempt", "retry_of", "conditions_changed", "shots", "method",
    "raw_response_ref", "result_ref", "partial", "cost_items", "tier", "route", "profile",
)  # fmt: skip
"""Fields that a result takes over from the manifests of its inputs, the nearest input last."""

MERGED = ("seeds", "calibration_id")
"""Fields of which each stage adds a part."""


def inherited(call: "StageCall") -> tuple[dict[str, Any], dict[str, str]]:
    """What the manifests of the resolved inputs say about data, circuits, backend and jobs.

    Returns:
        Fields that are known, and why others are not, where that is no usual reason.
    """
    from hq_assets.lineage.unknown_fields import NOT_YET_KNOWN

    fields: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for name in reversed(UPSTREAM[call.stage]):
        artifact = call.inputs[name]
        key = dg.AssetKey([call.spec.name, name])
        found = resolved_materialization(
            call.context.instance, key, artifact.data_version, call.context.run.run_id
        )
        ref = manifest_reference(found)
        if ref is None:
            continue
        document = call.store.get_manifest(ref)
        special = {
            place: reason
            for place, reason in document["null_reasons"].items()
            if place.partition(".")[0] in INHERITED and reason != NOT_YET_KNOWN.get(place)
        }
        known = {name: document.get(name) for name in INHERITED}
        add_fields(fields, reasons, {**known, "null_reasons": special})
    return fields, reasons


def add_fields(fields: dict[str, Any], reasons: dict[str, str], more: Mapping[str, Any]) -> None:
    """Add what is known to what was known; a null takes nothing away, merged fields grow by part."""
    for name, value in more.items():
        if name == "null_reasons" or value is None:
            continue
        if name not in MERGED:
            fields[name] = value
            continue
        parts = {part: entry for part, entry in value.items() if entry is not None}
        fields[name] = {**value, **fields.get(name, {}), **parts}
    reasons.update(more.get("null_reasons") or {})


def manifest_reference(materialization: dg.AssetMaterialization | None) -> str | None:
    """Reference of a materialization's manifest, or None."""
    entry = materialization.metadata.get("manifest") if materialization else None
    return str(entry.value) if entry is not None else None


def materialized_manifest(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """Manifest reference of an asset's latest materialization, or None."""
    event = instance.get_latest_materialization_event(key)
    return manifest_reference(event.asset_materialization if event else None)


def reused_manifest(
    call: "StageCall", artifact: Artifact, origin_ref: str, code_version: str, seconds: float
) -> dict[str, Any]:
    """The manifest of a cache hit: how the original was computed, and for whom and why it is used here."""
    from hq_assets.lineage.manifest import rebuild_manifest

    declared = declared_fields(call.spec, artifact, code_version, call.settings)
    reasons = declared.pop("null_reasons", {})
    origin = call.store.get_manifest(origin_ref)
    origin["null_reasons"] = {**origin["null_reasons"], **reasons}
    return rebuild_manifest(
        origin,
        **run_fields(call),
        **declared,
        profile=inherited(call)[0].get("profile", origin["profile"]),
        inputs=input_versions(call),
        timings={"wall": seconds},
        cache_hit=True,
        origin=origin_ref,
    )


def reported_manifest(
    spec: WorkloadSpec, artifact: Artifact, code_version: str, known: Mapping[str, Any]
) -> dict[str, Any]:
    """The manifest of a source that a sensor captured outside a run.

    Args:
        spec: The workload.
        artifact: The captured source.
        code_version: Of the source asset.
        known: What the sensor knows, e.g. the files' hashes.
    """
    from hq_assets.lineage.manifest import build_manifest

    fields: dict[str, Any] = {}
    names = ("request_id", "workflow_id", "purpose")
    reasons: dict[str, str] = dict.fromkeys(names, "reported by a sensor, outside a run")
    settings = kind_settings(spec, {})
    add_fields(fields, reasons, declared_fields(spec, artifact, code_version, settings))
    add_fields(fields, reasons, {**process_fields(), "trigger": "sensor", **known})
    return build_manifest(reasons, **{**fields, "inputs": {}, "cache_hit": False})


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
        **process_fields(),
    }


def process_fields() -> dict[str, Any]:
    """Manifest fields of this process: environment, packages and commit."""
    return {
        "environment": hq_environment(),
        "packages": dict(package_versions()),
        "sdk_version": metadata.version("qiskit"),
        "git_commit": git_commit(),
    }


def input_versions(call: "StageCall") -> dict[str, str]:
    """Asset → data version of every input, as resolved when the step started."""
    return {f"{call.spec.name}/{name}": entry.data_version for name, entry in call.inputs.items()}


def declared_fields(
    spec: WorkloadSpec, artifact: Artifact, code_version: str, settings: KindSettings
) -> dict[str, Any]:
    """Manifest fields of what the workload declares and of the version that was made."""
    from hq_assets.stages.manifest_facts import contract_fields

    context = spec.context
    business = ("criticality", "latency_class", "quantum_step", "success_metric", "thresholds", "owners", "consumer",
                "fallback_sentence", "data_class", "allowed_regions", "routing_policy", "team")  # fmt: skip
    return {
        **{name: context.get(name) for name in business},
        "workload": spec.name,
        "workload_version": spec.template_version,
        "stage": artifact.stage,
        "data_version": artifact.data_version,
        "code_version": code_version,
        "tables": {name: entry.model_dump(mode="json") for name, entry in artifact.tables.items()},
        "blobs": {name: entry.model_dump(mode="json") for name, entry in artifact.blobs.items()},
        "schema_version": {"manifest": None, "result": SCHEMA_VERSION},
        "backend_assumptions": dict(spec.backend_assumptions),
        **contract_fields(settings),
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
