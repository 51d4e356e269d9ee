"""Stage `raw_counts`: what the backend returned, outcome by outcome, with the method that made it.

The stored responses of all settled jobs become rows. A job that is not settled yields no output: nothing
fails, nothing is held, and an observation says that the tier is pending and why.
"""

import time
from collections.abc import Mapping
from typing import Any

import dagster as dg

from hq_assets.stages.call import NotSettled, Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.rendering import facts_table, in_words
from hq_assets.stages.spec import WorkloadSpec
from resources.backends.contract import BackendError, ExecutionRequest
from resources.store.artifact import Artifact

STAGE = "raw_counts"
DEADLINE_SECONDS = 3600.0
"""How long a run waits for all jobs of a local simulator; they live on after it."""


def compute(call: StageCall) -> Produced:
    """Collect every job of the receipts and turn the stored responses into rows."""
    import polars as pl

    receipts = call.scan("job_receipts").collect()
    backend = call.open_backend(call.inputs["job_receipts"].facts["backend"])
    parts, heads = [], []
    for job in settled_jobs(call, backend, receipts["idempotency_key"].to_list()):
        outcomes, head = response_of(call, job)
        parts.append(outcomes)
        heads.append(head)
    calibration = backend.calibration()
    origin = {
        "tier": "simulator" if backend.limits().inline else "quantum",
        "backend": backend.name,
        "method": receipts["method"][0] if receipts.height else None,
        "calibration_id": calibration.calibration_id,
    }
    frame = pl.concat(parts) if parts else empty_counts()
    refused = {**call.inputs["job_receipts"].facts["refused"], **failed_circuits(heads)}
    return Produced(
        tables={"rows": frame.lazy().with_columns(tier=pl.lit(origin["tier"]))},
        facts={
            "origin": origin,
            "simulation_methods": simulation_methods(heads),
            "refused": refused,
            "encoded": call.inputs["job_receipts"].facts["encoded"],
        },
        manifest={
            **result_fields(heads, origin),
            "calibration_id": {
                "compile": None,
                "submit": None,
                "finish": calibration.calibration_id,
            },
        },
        metadata={**timings(heads), "calibration_id": calibration.calibration_id},
    )


def settled_jobs(call: StageCall, backend: Any, keys: list[str]) -> list[Any]:
    """Completed jobs in the order of their keys; waits for a local simulator until the deadline.

    Raises:
        BackendError: A job failed or was cancelled, or a local simulator stopped at it.
        NotSettled: Jobs are alive; nothing is wrong with them.
    """
    from resources.control.collection import Deadline, collect_job
    from resources.control.submission import error_class_of

    ledger = call.context.resources.ledger.open()
    until = time.monotonic() + DEADLINE_SECONDS
    jobs, alive = [], []
    for key in keys:
        wait = Deadline(max(0.0, until - time.monotonic()))
        job = collect_job(ledger, backend, call.store, key, wait=wait)
        what = f"Job {key[:12]} on {backend.name} is {job.state}"
        # Nobody works on what a local simulator stopped at: that is an error to mend, not a wait.
        stopped = backend.limits().inline and job.error_class == "transient"
        if job.state in ("failed", "cancelled") or stopped:
            message = f"{what}: {job.diagnosis or 'no diagnosis given'}."
            if job.settled:
                message += f" Materialize {call.spec.name}/job_receipts again, or run `hq run`."
            raise BackendError(error_class_of(job), message)
        if job.state != "completed":
            why = job.diagnosis or (
                f"not settled within {DEADLINE_SECONDS:,.0f} s"
                if backend.limits().inline
                else "not settled when it was asked for"
            )
            alive.append(f"{what}: {why}.")
        jobs.append(job)
    if alive:
        more = f" So are {len(alive) - 1} more." if len(alive) > 1 else ""
        raise NotSettled(alive[0] + more)
    return jobs


def response_of(call: StageCall, job: Any) -> tuple[Any, dict[str, Any]]:
    """Rows and response head of one completed job."""
    from resources.control.collection import load_result

    outcomes, head = load_result(call.store, job)
    request = call.store.get_blob(job.payload_ref)
    circuits = [pub.circuit_id for pub in ExecutionRequest.model_validate_json(request).pubs]
    head = {**head, "circuits": circuits}
    return counts_frame(outcomes, head, request, job.idempotency_key), head


def counts_frame(outcomes: Any, head: Mapping[str, Any], payload: bytes, key: str) -> Any:
    """Outcomes of one job with the circuit, seed, shots and method of their pub.

    `execution` numbers the parameter rows of a pub, or its pairs; a pair has no parameter row.
    """
    import polars as pl

    request = ExecutionRequest.model_validate_json(payload)
    labels = pl.DataFrame(
        {
            "pub": pl.Series(range(len(request.pubs)), dtype=pl.Int32),
            "circuit_id": [pub.circuit_id for pub in request.pubs],
            "seed": pl.Series([pub.seed for pub in request.pubs], dtype=pl.Int64),
            "shots": pl.Series([pub.shots for pub in request.pubs], dtype=pl.Int64),
            "shots_returned": pl.Series(
                [
                    p["shots_returned"] // pub.executions
                    for p, pub in zip(head["pubs"], request.pubs, strict=True)
                ],
                dtype=pl.Int64,
            ),
            "method": [p["method"] for p in head["pubs"]],
            "paired": [pub.pairs_ref is not None for pub in request.pubs],
        }
    )
    joined = outcomes.lazy().join(labels.lazy(), on="pub", how="left", maintain_order="left")
    return joined.select(
        "circuit_id",
        "seed",
        "execution",
        parameter_row=pl.when(~pl.col("paired")).then(pl.col("execution")),
        register="register",
        bitstring="bitstring",
        count="count",
        weight="weight",
        shots="shots",
        shots_returned="shots_returned",
        method="method",
        idempotency_key=pl.lit(key),
    ).collect()


def empty_counts() -> Any:
    """The table without rows, for a workload of which no circuit could be executed."""
    import polars as pl

    text = ("circuit_id", "register", "bitstring", "method", "idempotency_key")
    numbers = ("seed", "execution", "parameter_row", "count", "shots", "shots_returned")
    return pl.DataFrame(
        schema={
            **dict.fromkeys(text, pl.String),
            **dict.fromkeys(numbers, pl.Int64),
            "weight": pl.Float64,
        }
    )


def simulation_methods(heads: list[dict[str, Any]]) -> dict[str, int]:
    """How many pubs ran under each simulation method."""
    found: dict[str, int] = {}
    for head in heads:
        for pub in head["pubs"]:
            name = pub.get("simulation_method") or "none"
            found[name] = found.get(name, 0) + 1
    return found


def failed_circuits(heads: list[dict[str, Any]]) -> dict[str, str]:
    """Circuits without outcomes although their job completed, with the backend's reason."""
    return {
        head["circuits"][pub["pub"]]: pub["error"]
        for head in heads
        for pub in head["pubs"]
        if pub.get("error")
    }


def timings(heads: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds by name, summed over the jobs."""
    total: dict[str, float] = {}
    for head in heads:
        for name, seconds in head["seconds"].items():
            total[f"{name}_seconds"] = total.get(f"{name}_seconds", 0.0) + seconds
    return total


def result_fields(heads: list[dict[str, Any]], origin: Mapping[str, Any]) -> dict[str, Any]:
    """Manifest fields of the responses."""
    return {
        "raw_response_ref": [head["raw_response_ref"] for head in heads],
        "cost_items": [item for head in heads for item in head["cost_items"]],
        "tier": origin["tier"],
        "backend": origin["backend"],
        "method": origin["method"],
        "partial": bool(failed_circuits(heads)),
    }


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """Who made the counts, how, and how many shots came back."""
    import polars as pl

    frame = call.store.scan_table(artifact.tables["rows"])
    shots = frame.select(pl.col("count").sum()).collect().item()
    circuits = frame.select(pl.col("circuit_id").n_unique()).collect().item()
    origin = artifact.facts["origin"]
    return {
        "tier": origin["tier"],
        "backend": origin["backend"],
        "method": origin["method"] or "none",
        "shots_returned": int(shots or 0),
        "circuits": int(circuits),
        "simulation_methods": in_words(artifact.facts["simulation_methods"]),
        "circuits_without_counts": len(artifact.facts["refused"]),
        "refused": dg.MetadataValue.md(facts_table(artifact.facts["refused"]))
        if artifact.facts["refused"]
        else "none",
    }


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/raw_counts`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Counts or weights as the backend returned them, bit 0 rightmost; one row per outcome.",
        kinds={"qiskit", "parquet"},
        compute=compute,
        describe=describe,
    )
