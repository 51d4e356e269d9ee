"""Stage `compiled_circuits`: circuit templates as ISA circuits for the target; compiled once, bound many times."""

import io
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import dagster as dg

from hq_assets.problems.contract import CircuitTemplate
from hq_assets.stages.chain import Produced, StageCall, stage_asset
from hq_assets.stages.encoded_inputs import encoded_of
from hq_assets.stages.pictures.circuits import circuit_picture
from hq_assets.stages.rendering import markdown_table
from hq_assets.stages.spec import WorkloadSpec
from hq_assets.stages.target import backend_fields
from resources.store.artifact import Artifact, BlobEntry

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
        tables={"rows": _frame(rows)},
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


class Compiler:
    """Turns templates into rows, circuits and drawings for one target."""

    def __init__(self, call: StageCall, cache: Any) -> None:
        self.call = call
        self.cache = cache
        self.blobs: dict[str, BlobEntry] = {}
        self.drawings: dict[str, str] = {}

    def rows(self, template: CircuitTemplate) -> list[dict[str, Any]]:
        """Rows of one template: the executed circuit and, where the backend offers it, its overlap circuit."""
        from hq_assets.quantum.drawing import circuit_text

        if template.circuit is None:
            return [self._refused(template, template.status, template.reason)]
        self.drawings[template.circuit_id] = circuit_text(template.circuit)
        found = [self._compiled(template)]
        offers = self.call.inputs["target"].facts["limits"]["offers_overlaps"]
        if template.overlap_circuit is not None and offers and found[0]["status"] == "ok":
            found.append(self._overlap(template))
        return found

    def _compiled(self, template: CircuitTemplate) -> dict[str, Any]:
        """Compile the executed circuit, or take it from the cache, and preflight it against the backend."""
        from hq_assets.lineage.circuit_fingerprint import circuit_fingerprint, compile_key
        from resources.control.preflight import failing, preflight_circuit

        spec, target = self.call.spec, self.call.inputs["target"].facts
        fingerprint = circuit_fingerprint(template.circuit)
        key = compile_key(
            fingerprint,
            target["target_fingerprint"],
            spec.optimization_level,
            spec.seed_transpiler,
            {"qiskit": metadata.version("qiskit")},
        )
        entry = self.cache.get(key)
        if entry is None:
            entry = self._compile(template.circuit)
            self.cache.put(key, entry)
        row = self._row(template, "circuit", fingerprint, entry, template.parameters)
        if row["status"] != "ok":
            return row
        problems = failing(
            preflight_circuit(entry["facts"], self.call.backend.limits(), spec.backend_assumptions)
        )
        if problems:
            return {**row, "status": "unsupported", "reason": "; ".join(problems)}
        self._keep(row, entry)
        return row

    def _compile(self, circuit: Any) -> dict[str, Any]:
        """Compile one circuit into a JSON-able cache entry; a circuit that cannot be compiled says why."""
        from hq_assets.quantum.transpilation import compile_circuits

        spec = self.call.spec
        target = self.call.backend.target()
        (outcome,) = compile_circuits(
            [circuit], target, spec.optimization_level, spec.seed_transpiler
        )
        if outcome.circuit is None:
            return {"status": outcome.status, "reason": outcome.reason}
        return self._entry(outcome.circuit, outcome.abstract, outcome.compiled)

    def _entry(self, circuit: Any, abstract: Any, compiled: Any) -> dict[str, Any]:
        """What is kept of a circuit that is executed: its QPY, fingerprint, figures and preflight facts."""
        from hq_assets.lineage.circuit_fingerprint import circuit_fingerprint
        from resources.control.circuit_facts import circuit_facts

        figures = {
            "used_qubits": compiled.num_qubits,
            "compiled_depth": compiled.depth,
            "compiled_two_qubit_gates": compiled.two_qubit_gates,
            "abstract_depth": abstract.depth,
            "abstract_two_qubit_gates": abstract.two_qubit_gates,
            "classical_bits": circuit.num_clbits,
        }
        return {
            "status": "ok",
            "reason": None,
            "ref": self.call.store.put_blob(to_qpy(circuit), "qpy"),
            "fingerprint": circuit_fingerprint(circuit),
            "figures": figures,
            "facts": circuit_facts(circuit),
        }

    def _overlap(self, template: CircuitTemplate) -> dict[str, Any]:
        """The state-preparation circuit as it is: exact overlaps need no transpilation."""
        from hq_assets.lineage.circuit_fingerprint import circuit_fingerprint
        from hq_assets.quantum.circuit_figures import circuit_figures

        circuit = template.overlap_circuit
        figures = circuit_figures(circuit)
        entry = self._entry(circuit, figures, figures)
        fingerprint = circuit_fingerprint(circuit)
        row = self._row(template, "overlap", fingerprint, entry, template.overlap_parameters)
        self._keep(row, entry)
        return row

    def _keep(self, row: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
        name = f"{row['role']}:{row['circuit_id']}"
        self.blobs[name] = BlobEntry(content_hash=entry["fingerprint"], ref=entry["ref"])

    def _row(
        self,
        template: CircuitTemplate,
        role: str,
        fingerprint: str,
        entry: Mapping[str, Any],
        parameters: Sequence[str],
    ) -> dict[str, Any]:
        figures = entry.get("figures", {})
        return {
            **self._refused(template, entry["status"], entry["reason"]),
            "num_qubits": figures.get("used_qubits"),
            "depth": figures.get("compiled_depth"),
            "two_qubit_gates": figures.get("compiled_two_qubit_gates"),
            "abstract_depth": figures.get("abstract_depth"),
            "abstract_two_qubit_gates": figures.get("abstract_two_qubit_gates"),
            "classical_bits": figures.get("classical_bits"),
            "role": role,
            "circuit_fingerprint": fingerprint,
            "compiled_fingerprint": entry.get("fingerprint"),
            "parameters": list(parameters),
        }

    def _refused(
        self, template: CircuitTemplate, status: str, reason: str | None
    ) -> dict[str, Any]:
        return {
            "circuit_id": template.circuit_id,
            "template_version": self.call.spec.template_version,
            "role": "circuit",
            "target_fingerprint": self.call.inputs["target"].facts["target_fingerprint"],
            "parameters": list(template.parameters),
            "status": status,
            "reason": reason,
        }


def _frame(rows: list[dict[str, Any]]) -> Any:
    """Rows as a frame with stated types, also when there is none."""
    import polars as pl

    schema = {
        "circuit_id": pl.String,
        "template_version": pl.String,
        "role": pl.String,
        "circuit_fingerprint": pl.String,
        "compiled_fingerprint": pl.String,
        "target_fingerprint": pl.String,
        "num_qubits": pl.Int64,
        "depth": pl.Int64,
        "two_qubit_gates": pl.Int64,
        "abstract_depth": pl.Int64,
        "abstract_two_qubit_gates": pl.Int64,
        "classical_bits": pl.Int64,
        "parameters": pl.List(pl.String),
        "status": pl.String,
        "reason": pl.String,
    }
    return pl.DataFrame(rows, schema=schema)


def to_qpy(circuit: Any) -> bytes:
    """A circuit as QPY bytes."""
    from qiskit import qpy

    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    return buffer.getvalue()


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
