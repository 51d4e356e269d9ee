"""Stage `job_receipts`: the canonical payload of each job, stored first, then submitted at most once."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.provenance import request_id_of
from hq_assets.stages.pubs import build_pubs
from hq_assets.stages.rendering import markdown_table
from hq_assets.stages.spec import WorkloadSpec
from hq_assets.stages.target import backend_fields
from resources.backends.contract import BackendError, ExecutionRequest, Pub
from resources.store.artifact import Artifact

STAGE = "job_receipts"
VOLATILE = ("request_id", "provider_job_id")
"""Ids that one run gives: they stand in the table but are not its content."""


def compute(call: StageCall) -> Produced:
    """Build the pubs, divide them into jobs within the backend's limits, submit each under its key."""
    pubs, too_long = affordable(call, build_pubs(call))
    requests = build_requests(call, pubs)
    estimates = [call.backend.estimate(request) for request in requests]
    seconds = [estimate.seconds for estimate in estimates if estimate.seconds is not None]
    call.context.log.info(
        "%d job(s), %d executions, estimated %.1f s on %s",
        len(requests),
        sum(estimate.executions for estimate in estimates),
        sum(seconds),
        call.backend.name,
    )
    rows = [submit(call, request) for request in requests]
    calibration = call.backend.calibration()
    return Produced(
        tables={"rows": receipts_frame(rows)},
        facts={
            "backend": call.backend.name,
            "inline": call.backend.limits().inline,
            "encoded": call.inputs["encoded_inputs"].data_version,
            "refused": {**refused_circuits(call), **too_long},
        },
        volatile=VOLATILE,
        manifest={
            **backend_fields(call.inputs["target"].facts),
            **job_fields(rows, requests),
            "calibration_id": {
                "compile": None,
                "submit": calibration.calibration_id,
                "finish": None,
            },
        },
        metadata={
            "estimated_seconds": sum(seconds),
            "estimate_provenance": estimates[0].provenance if estimates else "no job",
            "calibration_id": calibration.calibration_id,
        },
    )


def refused_circuits(call: StageCall) -> dict[str, str]:
    """Circuits that no job contains, with the reason that compilation or preflight gave."""
    import polars as pl

    refused = call.scan("compiled_circuits").filter(pl.col("status") != "ok").collect()
    return {
        row["circuit_id"]: row["reason"] or row["status"] for row in refused.iter_rows(named=True)
    }


def jobs_live(call: StageCall, artifact: Artifact) -> bool:
    """Whether every job of earlier receipts is known to the ledger and has neither failed nor been cancelled."""
    ledger = call.context.resources.ledger.open()
    keys = call.store.scan_table(artifact.tables["rows"]).select("idempotency_key").collect()
    jobs = [ledger.find(key) for key in keys["idempotency_key"]]
    return all(job is not None and job.state not in ("failed", "cancelled") for job in jobs)


def build_requests(call: StageCall, pubs: list[Pub]) -> list[ExecutionRequest]:
    """Canonical payloads of the stage, each within the backend's executions per job."""
    limit = call.backend.limits().max_executions_per_job
    return [request_of(call, group) for group in divide(pubs, limit)]


def request_of(call: StageCall, pubs: list[Pub]) -> ExecutionRequest:
    """The canonical payload of some pubs."""
    target = call.inputs["target"].facts
    return ExecutionRequest(
        workload=call.spec.name,
        backend=target["backend"],
        backend_options=target["backend_options"],
        target_fingerprint=target["target_fingerprint"],
        method=call.profile.method,
        seed_simulator=call.spec.seed_simulator,
        pubs=tuple(pubs),
    )


def affordable(call: StageCall, pubs: list[Pub]) -> tuple[list[Pub], dict[str, str]]:
    """Pubs that a local simulator can answer in the charter's time to answer, and why others cannot.

    The quickest are taken first until the time is used up. A kernel is of use only as a whole, so
    its pubs stay together or the stage refuses.

    Raises:
        BackendError: The pairs of a kernel would take longer than the charter allows.
    """
    if not call.backend.limits().inline:
        return pubs, {}
    allowed = call.spec.context["thresholds"]["time_to_answer_seconds"]
    seconds = [call.backend.estimate(request_of(call, [pub])).seconds or 0.0 for pub in pubs]
    if any(pub.pairs_ref is not None for pub in pubs) and sum(seconds) > allowed:
        message = (
            f"The pair circuits would take about {sum(seconds):,.0f} s on {call.backend.name}, and "
            f"the charter allows {allowed:,.0f} s. Choose a smaller profile or another backend."
        )
        raise BackendError(error_class="policy", message=message)
    refused: dict[int, str] = {}
    used = 0.0
    for number in sorted(range(len(pubs)), key=seconds.__getitem__):
        used += seconds[number]
        if used > allowed:
            refused[number] = (
                f"about {seconds[number]:,.0f} s on {call.backend.name}, which exceeds the "
                f"{allowed:,.0f} s that the charter allows for all circuits together"
            )
    kept = [pub for number, pub in enumerate(pubs) if number not in refused]
    return kept, {pubs[number].circuit_id: reason for number, reason in refused.items()}


def divide(pubs: list[Pub], limit: int | None) -> list[list[Pub]]:
    """Group pubs, in order, so that no group exceeds the limit unless a single pub does."""
    groups: list[list[Pub]] = []
    used = 0
    for pub in pubs:
        if not groups or (limit is not None and used + pub.executions > limit):
            groups.append([])
            used = 0
        groups[-1].append(pub)
        used += pub.executions
    return groups


def submit(call: StageCall, request: ExecutionRequest) -> dict[str, Any]:
    """Preflight, store the payload, submit under its key; returns the receipt's row."""
    from resources.control.preflight import preflight_request
    from resources.control.submission import idempotency_key, open_generation, submit_job

    ledger = call.context.resources.ledger.open()
    preflight_request(request, call.backend, blobs=call.store)
    payload_ref = call.store.put_blob(request.model_dump_json().encode(), "json")
    fingerprint = request.fingerprint()
    environment = call.context.resources.home.environment()
    generation = open_generation(ledger, environment, call.spec.name, fingerprint)
    key = idempotency_key(environment, call.spec.name, fingerprint, generation)
    receipt = submit_job(
        ledger,
        call.backend,
        request,
        key=key,
        payload_ref=payload_ref,
        request_id=request_id_of(call.context),
    )
    return {
        "idempotency_key": key,
        "payload_fingerprint": fingerprint,
        "backend": request.backend,
        "provider_job_id": receipt.provider_job_id,
        "pubs": len(request.pubs),
        "executions": sum(pub.executions for pub in request.pubs),
        "shots": sum(pub.executions * pub.shots for pub in request.pubs),
        "method": request.method,
        "request_id": request_id_of(call.context),
    }


def receipts_frame(rows: list[dict[str, Any]]) -> Any:
    """Receipts as a frame with stated types, also when no circuit could be submitted."""
    import polars as pl

    text = ("idempotency_key", "payload_fingerprint", "backend", "provider_job_id")
    numbers = ("pubs", "executions", "shots")
    schema = {
        **dict.fromkeys(text, pl.String),
        **dict.fromkeys(numbers, pl.Int64),
        "method": pl.String,
        "request_id": pl.String,
    }
    return pl.DataFrame(rows, schema=schema)


def job_fields(rows: list[dict[str, Any]], requests: list[ExecutionRequest]) -> dict[str, Any]:
    """Manifest fields of the jobs."""
    return {
        "idempotency_key": [row["idempotency_key"] for row in rows],
        "payload_fingerprint": [row["payload_fingerprint"] for row in rows],
        "provider_job_id": [row["provider_job_id"] for row in rows],
        "job_id": [row["idempotency_key"] for row in rows],
        "shots": {"asked": sum(row["shots"] for row in rows), "returned": None},
        "method": requests[0].method if requests else None,
    }


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """Jobs, executions and shots."""
    frame = call.store.scan_table(artifact.tables["rows"]).collect()
    shown = ("pubs", "executions", "shots", "method", "backend")
    rows = [
        {**{name: row[name] for name in shown}, "key": f"`{row['idempotency_key'][:12]}`"}
        for row in frame.iter_rows(named=True)
    ]
    return {
        "inline": artifact.facts["inline"],
        "jobs": frame.height,
        "executions": int(frame["executions"].sum()),
        "shots": int(frame["shots"].sum()),
        "receipts": dg.MetadataValue.md(markdown_table(rows)),
    }


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/job_receipts`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Receipts of submitted jobs, with key, payload fingerprint and shots; one row per job.",
        kinds={"qiskit"},
        compute=compute,
        describe=describe,
        pool="quantum_submission",
        reusable=jobs_live,
    )
