"""Manifest fields that follow from a stage's committed content, whatever the problem kind.

Each function takes the call, the artifact and what is known so far, inherited fields included. A field that
cannot be known is left out, with its reason under `null_reasons`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from hq_assets.problems.contract import KindSettings
from hq_assets.stages.call import StageCall
from resources.store.artifact import Artifact

Fields = dict[str, Any]


def stage_facts(call: StageCall, artifact: Artifact, known: Mapping[str, Any]) -> Fields:
    """Manifest fields of a stage's content.

    Args:
        call: The stage's call.
        artifact: What the stage committed.
        known: Fields known so far: inherited ones and the stage's own.
    """
    facts = _FACTS_OF.get(call.stage)
    return {} if facts is None else facts(call, artifact, known)


def contract_fields(settings: KindSettings) -> Fields:
    """What the kind promises of each feature, and the range that it encodes into."""
    contract = settings.data_contract()
    features = contract.get("feature_contract")
    if features is None:
        return {"null_reasons": {"feature_contract": "the problem kind has no features"}}
    fields: Fields = {"drift": dict(features)}
    if contract.get("encoding_range") is not None:
        fields["encoding_range"] = list(contract["encoding_range"])
    return {"feature_contract": fields}


def source_hashes(store: Any, artifact: Artifact) -> dict[str, str]:
    """File → SHA-256 of its bytes, from a committed source."""
    files = store.scan_table(artifact.tables["rows"]).select("path", "content_hash").collect()
    return dict(files.iter_rows())


def _source(call: StageCall, artifact: Artifact, known: Mapping[str, Any]) -> Fields:
    del known
    return {"source_hashes": source_hashes(call.store, artifact)}


def _cleaned(call: StageCall, artifact: Artifact, known: Mapping[str, Any]) -> Fields:
    return {
        "split": split_sizes(call.store.scan_table(artifact.tables["rows"])),
        "transforms": _with_parameters(known["transforms"], artifact),
    }


def split_sizes(frame: Any) -> dict[str, dict[str, int]]:
    """Seed → split → rows that were not dropped, of cleaned features."""
    import polars as pl

    kept = frame.filter(pl.col("status") != "dropped")
    counted = kept.group_by("seed", "split").len().sort("seed", "split")
    sizes: dict[str, dict[str, int]] = {}
    for seed, split, rows in counted.collect(engine="streaming").iter_rows():
        sizes.setdefault(str(seed), {})[str(split)] = rows
    return sizes


def _with_parameters(steps: list[Mapping[str, Any]], artifact: Artifact) -> list[Fields]:
    """Steps with the reference of the document that holds their fitted parameters."""
    ref = artifact.blobs["transforms"].ref
    return [{**step, "parameters_ref": step.get("parameters_ref", ref)} for step in steps]


def _encoded(call: StageCall, artifact: Artifact, known: Mapping[str, Any]) -> Fields:
    del call
    names = ("encoding", "feature_map")
    return {
        "null_reasons": dict.fromkeys(names, "the problem kind has no encoding"),
        "input_hash": artifact.tables["rows"].content_hash,
        "transforms": _with_parameters(known["transforms"], artifact),
    }


def _compiled(call: StageCall, artifact: Artifact, known: Mapping[str, Any]) -> Fields:
    import polars as pl

    wanted = (pl.col("status") == "ok") & (pl.col("role") == "circuit")
    rows = call.store.scan_table(artifact.tables["rows"]).filter(wanted).collect()
    bits = dict(rows.select("circuit_id", "classical_bits").iter_rows())
    fields: Fields = {
        "measurement": {"basis": "computational", "classical_bits": bits},
        "seeds": {"transpiler": call.spec.seed_transpiler},
    }
    if known.get("encoding") is None:
        reason = "the problem kind has no feature map"
    elif not rows.height:
        reason = "no circuit could be compiled"
    else:
        paired = "pairs" in call.inputs["encoded_inputs"].tables
        costs = ("num_qubits", "depth", "two_qubit_gates")
        largest = {name: int(rows[name].max()) for name in costs}  # pyright: ignore[reportArgumentType]
        cost = {"circuit": "pair of records" if paired else "one record", **largest}
        return {**fields, "feature_map_cost": cost}
    return {**fields, "null_reasons": {"feature_map_cost": reason}}


def _receipts(call: StageCall, artifact: Artifact, known: Mapping[str, Any]) -> Fields:
    del artifact
    jobs = _jobs(call, known)
    fields = {"payload_ref": [job.payload_ref for job in jobs], **_attempt(jobs)}
    if call.backend.limits().inline:
        fields["seeds"] = {"simulator": call.spec.seed_simulator}
    return fields


def _counts(call: StageCall, artifact: Artifact, known: Mapping[str, Any]) -> Fields:
    del artifact
    jobs = _jobs(call, known)
    heads = [call.store.get_manifest(job.result_ref) for job in jobs]
    returned = sum(pub["shots_returned"] for head in heads for pub in head["pubs"])
    return {
        "result_ref": [job.result_ref for job in jobs],
        "shots": {"asked": (known.get("shots") or {}).get("asked"), "returned": returned},
        "route": [known["tier"]],
        **_attempt(jobs),
    }


def _jobs(call: StageCall, known: Mapping[str, Any]) -> list[Any]:
    """The ledger's jobs behind a result, in the order of their keys."""
    ledger = call.context.resources.ledger.open()
    return [ledger.job(key) for key in known["idempotency_key"]]


def _attempt(jobs: list[Any]) -> Fields:
    """How often the job that needed most was handed over, and which key that was."""
    if not jobs:
        return {"null_reasons": {"attempt": "no circuit could be submitted"}}
    most = max(jobs, key=lambda job: job.attempt)
    if most.attempt <= 1:
        return {"attempt": most.attempt}
    reason = "the calibration at the earlier attempts was not recorded"
    return {
        "attempt": most.attempt,
        "retry_of": most.idempotency_key,
        "null_reasons": {"conditions_changed": reason},
    }


def _decided(call: StageCall, artifact: Artifact, known: Mapping[str, Any]) -> Fields:
    del artifact, known
    fields: Fields = dict(call.settings.decision_facts())
    quality = baseline_quality(call.scan("baselines"))
    if quality:
        return {**fields, "baseline_quality": quality}
    return {**fields, "null_reasons": {"baseline_quality": "the baselines state no quality"}}


def baseline_quality(frame: Any) -> dict[str, float]:
    """Method → median over the seeds of its quality, in a lazy frame of baselines.

    Training rows carry the score by which a method was tuned, not its quality, and do not count.
    """
    import polars as pl

    judged = pl.col("quality").is_not_null() & (pl.col("split").fill_null("unused") != "train")
    per_seed = frame.filter(judged).select("method", "seed", "quality").unique()
    medians = per_seed.group_by("method").agg(pl.col("quality").median()).sort("method")
    return dict(medians.collect().iter_rows())


_FACTS_OF: Mapping[str, Callable[[StageCall, Artifact, Mapping[str, Any]], Fields]] = {
    "source": _source,
    "cleaned_features": _cleaned,
    "encoded_inputs": _encoded,
    "compiled_circuits": _compiled,
    "job_receipts": _receipts,
    "raw_counts": _counts,
    "decisions": _decided,
}
