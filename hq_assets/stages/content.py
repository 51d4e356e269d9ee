"""From what a stage computed to an immutable version, and the identity under which it is found again."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hq_assets.problems.contract import SCHEMA_VERSION
from hq_assets.stages.call import VERB_OF, Produced, StageCall
from resources.store.artifact import Artifact, BlobEntry, TableEntry


def stage_identity(call: StageCall, code_version: str) -> str:
    """Hash of all that decides a stage's content: code, inputs, and the settings that it reads."""
    inputs = {n: a.data_version for n, a in call.inputs.items() if n != "profile"}
    body = {
        "workload": call.spec.name,
        "stage": call.stage,
        "code_version": code_version,
        "inputs": inputs,
        "settings": effective_settings(call),
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def effective_settings(call: StageCall) -> dict[str, Any]:
    """The part of problem and profile that this stage reads, with the profile's overrides applied."""
    if "profile" not in call.inputs:
        return {}
    part: dict[str, Any] = {"seeds": list(call.profile.seeds)}
    if call.stage in VERB_OF:
        part["problem"] = call.settings.part_for(VERB_OF[call.stage])
    if call.stage in ("job_receipts", "decisions"):
        part["profile"] = {
            "name": call.profile.name,
            "method": call.profile.method,
            "shots": call.profile.shots,
        }
    return part


def commit(call: StageCall, produced: Produced) -> Artifact:
    """Store tables, documents and blobs by content and make the version visible in one step."""
    tables = {
        name: call.store.put_table(stamped(frame), exclude_from_hash=produced.volatile)
        for name, frame in produced.tables.items()
    }
    blobs = dict(produced.blobs)
    for name, document in produced.documents.items():
        ref = call.store.put_blob(canonical_bytes(document), "json")
        blobs[name] = BlobEntry(content_hash=ref.partition(".")[0], ref=ref)
    return call.store.commit(assemble(call.spec.name, call.stage, produced, tables, blobs))


def preview_version(workload: str, stage: str, produced: Produced) -> str:
    """The data version that committing would give; nothing is stored."""
    from hq_assets.lineage.table_fingerprint import table_fingerprint

    tables = {
        name: TableEntry(content_hash=table_fingerprint(stamped(frame)), ref="", rows=0, columns={})
        for name, frame in produced.tables.items()
    }
    return assemble(workload, stage, produced, tables, dict(produced.blobs)).data_version


def assemble(
    workload: str,
    stage: str,
    produced: Produced,
    tables: Mapping[str, TableEntry],
    blobs: Mapping[str, BlobEntry],
) -> Artifact:
    """The artifact of stored tables and blobs."""
    return Artifact(
        workload=workload,
        stage=stage,
        schema_version=SCHEMA_VERSION,
        tables=dict(tables),
        blobs=dict(blobs),
        facts=dict(produced.facts),
    )


def stamped(frame: Any) -> Any:
    """A table with its schema version, lazily."""
    import polars as pl

    return frame.lazy().with_columns(pl.lit(SCHEMA_VERSION).alias("schema_version"))


def canonical_bytes(document: Any) -> bytes:
    """Canonical JSON of a document; NaN is refused."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
