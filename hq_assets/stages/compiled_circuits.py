"""Stage `compiled_circuits`: circuit templates as ISA circuits for the target; compiled once, bound many times."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.compiler import Compiler, compiled_frame
from hq_assets.stages.encoded_inputs import encoded_of
from hq_assets.stages.pictures.circuits import circuit_picture
from hq_assets.stages.rendering import markdown_table
from hq_assets.stages.spec import WorkloadSpec
from hq_assets.stages.target import backend_fields
from resources.store.artifact import Artifact

STAGE = "compiled_circuits"
CACHE = "compiled_circuits"
LONGEST_DRAWINGS = 60_000
"""Characters of drawings that one materialization carries."""


def compute(call: StageCall) -> Produced:
    """Construct the circuits with the kind's verb, compile what is not in the cache, preflight each."""
    from resources.control.circuit_facts import target_facts
    from resources.control.preflight import require, target_items
    from resources.store.cache import KeyedCache

    require(target_items(target_facts(call.backend.target()), call.spec.backend_assumptions))
    templates = call.verb()(encoded_of(call), call.settings)
    cache = KeyedCache(call.store, CACHE)
    compiler = Compiler(call, cache)
    rows = [row for template in templates for row in compiler.rows(template)]
    hits, misses = cache.count.hits, cache.count.misses
    calibration = call.backend.calibration()
    return Produced(
        tables={"rows": compiled_frame(rows)},
        documents={"drawings": compiler.drawings},
        blobs=compiler.blobs,
        manifest={
            **backend_fields(call.inputs["target"].facts),
            **circuit_fields(call, rows),
            "calibration_id": {
                "compile": calibration.calibration_id,
                "submit": None,
                "finish": None,
            },
        },
        metadata={
            "compile_cache_hits": hits,
            "compile_cache_misses": misses,
            "compile_cache_hit_rate": hits / max(hits + misses, 1),
            "calibration_id": calibration.calibration_id,
        },
    )


def circuit_fields(call: StageCall, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Manifest fields of the circuits."""
    good = [row for row in rows if row["status"] == "ok"]
    return {
        "circuit_template": sorted({row["circuit_id"] for row in rows}),
        "template_version": call.spec.template_version,
        "release_note": call.spec.release_note,
        "circuit_fingerprint": {
            f"{r['role']}:{r['circuit_id']}": r["circuit_fingerprint"] for r in good
        },
        "compiled_fingerprint": {
            f"{r['role']}:{r['circuit_id']}": r["compiled_fingerprint"] for r in good
        },
        "transpile_options": {
            "optimization_level": call.spec.optimization_level,
            "seed_transpiler": call.spec.seed_transpiler,
        },
        "num_qubits": max((row["num_qubits"] for row in good), default=0),
        "depth": max((row["depth"] for row in good), default=0),
        "two_qubit_gates": max((row["two_qubit_gates"] for row in good), default=0),
    }


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """Depth and two-qubit gates, which circuits were refused and why, and a drawing."""
    import polars as pl

    frame = call.store.scan_table(artifact.tables["rows"]).collect()
    good = frame.filter((pl.col("status") == "ok") & (pl.col("role") == "circuit"))
    entries: dict[str, Any] = {
        "circuits_ok": good.height,
        "circuits_refused": int((frame["status"] != "ok").sum()),
    }
    for name in ("num_qubits", "depth", "two_qubit_gates"):
        if good.height:
            entries[f"max_{name}"] = int(good[name].max())  # pyright: ignore[reportArgumentType]
    entries["template"] = f"{call.spec.template_version}: {call.spec.release_note}"
    if good.height:
        shown = good.sort("two_qubit_gates", "depth", descending=True)["circuit_id"][0]
        qpy = call.store.get_blob(artifact.blobs[f"circuit:{shown}"].ref)
        entries["picture_circuit"] = dg.MetadataValue.md(circuit_picture(shown, qpy))
    entries["circuits"] = dg.MetadataValue.md(_circuit_table(frame))
    entries["drawings"] = dg.MetadataValue.md(_drawings(call.document(artifact, "drawings")))
    return entries


def _drawings(texts: Mapping[str, str]) -> str:
    """Every abstract circuit as text, until there is enough for one page."""
    parts, used = [], 0
    for name, text in texts.items():
        if parts and used + len(text) > LONGEST_DRAWINGS:
            parts.append(f"… {len(texts) - len(parts)} more circuits")
            break
        used += len(text)
        parts.append(f"`{name}`\n\n```text\n{text}\n```")
    return "\n\n".join(parts) or "No circuit could be read."


def _circuit_table(frame: Any) -> str:
    rows = [
        {
            "circuit": row["circuit_id"],
            "qubits": row["num_qubits"],
            "depth": _change(row["abstract_depth"], row["depth"]),
            "two-qubit gates": _change(row["abstract_two_qubit_gates"], row["two_qubit_gates"]),
            "role": row["role"],
            "status": row["status"] + (f": {row['reason']}" if row["reason"] else ""),
        }
        for row in frame.iter_rows(named=True)
    ]
    return markdown_table(rows)


def _change(before: int | None, after: int | None) -> str | None:
    return None if after is None else f"{before} → {after}"


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/compiled_circuits`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="ISA circuits with depth and two-qubit gates; one row per circuit template and role.",
        kinds={"qiskit"},
        compute=compute,
        describe=describe,
    )
