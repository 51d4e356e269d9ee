"""Stage `target`: what circuits are compiled for, as the backend chosen for this run states it.

A switch of backend arrives downstream as a new data version of this asset. Calibration numbers are not
part of it: they change daily and trigger nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dagster as dg

from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.rendering import facts_table
from hq_assets.stages.spec import WorkloadSpec
from resources.backends.contract import Backend
from resources.store.artifact import Artifact

STAGE = "target"


def target_facts(backend: Backend) -> dict[str, Any]:
    """Canonical content of the target asset."""
    return {
        "backend": backend.name,
        "backend_options": backend.options(),
        "target_fingerprint": backend.target_fingerprint(),
        "limits": backend.limits().model_dump(mode="json"),
    }


def produce(backend: Backend) -> Produced:
    """What the target asset holds of a backend: its options, limits and operations."""
    import polars as pl

    target = backend.target()
    placements = {
        name: target.qargs_for_operation_name(name) for name in sorted(target.operation_names)
    }
    rows = [(name, None if qargs is None else len(qargs)) for name, qargs in placements.items()]
    frame = pl.DataFrame(
        rows, schema={"operation": pl.String, "placements": pl.Int64}, orient="row"
    )
    facts = target_facts(backend)
    return Produced(tables={"rows": frame}, facts=facts, manifest=backend_fields(facts))


def compute(call: StageCall) -> Produced:
    """Record the backend that this run chose."""
    name = call.context.resources.backend.choose(call.spec.default_backend)
    backend = call.open_backend(name)
    calibration = backend.calibration()
    return replace(produce(backend), metadata={"calibration_id": calibration.calibration_id})


def backend_fields(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Manifest fields that the target asset settles."""
    return {
        "provider": facts["backend_options"].get("provider"),
        "backend": facts["backend"],
        "backend_options": facts["backend_options"],
        "target_fingerprint": facts["target_fingerprint"],
    }


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """Backend, options and limits, for the UI."""
    del call
    facts = artifact.facts
    limits = facts["limits"]
    return {
        "backend": facts["backend"],
        "provider": facts["backend_options"].get("provider") or "none named",
        "num_qubits": limits["num_qubits"],
        "limits": dg.MetadataValue.md(facts_table(limits)),
        "options": dg.MetadataValue.md(facts_table(facts["backend_options"])),
        "target_fingerprint": facts["target_fingerprint"][:16],
    }


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/target`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Instructions and connectivity of the chosen backend; one row per operation.",
        kinds={"qiskit"},
        compute=compute,
        describe=describe,
    )
