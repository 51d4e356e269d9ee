"""From circuit templates to compiled rows: cached, preflighted, each refusal with its reason."""

import io
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import Any

from hq_assets.problems.contract import CircuitTemplate
from hq_assets.stages.call import StageCall
from resources.store.artifact import BlobEntry


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
        found = [self._compiled(template, template.circuit)]
        offers = self.call.inputs["target"].facts["limits"]["offers_overlaps"]
        if template.overlap_circuit is not None and offers and found[0]["status"] == "ok":
            found.append(self._overlap(template, template.overlap_circuit))
        return found

    def _compiled(self, template: CircuitTemplate, circuit: Any) -> dict[str, Any]:
        """Compile the executed circuit, or take it from the cache, and preflight it against the backend."""
        from hq_assets.lineage.circuit_fingerprint import circuit_fingerprint, compile_key
        from resources.control.preflight import failing, preflight_circuit

        spec, target = self.call.spec, self.call.inputs["target"].facts
        fingerprint = circuit_fingerprint(circuit)
        key = compile_key(
            fingerprint,
            target["target_fingerprint"],
            spec.optimization_level,
            spec.seed_transpiler,
            {"qiskit": metadata.version("qiskit"), "compiler": compiler_version()},
        )
        entry = self.cache.get(key)
        if entry is None:
            entry = self._compile(circuit)
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

    def _overlap(self, template: CircuitTemplate, circuit: Any) -> dict[str, Any]:
        """The state-preparation circuit as it is: exact overlaps need no transpilation."""
        from hq_assets.lineage.circuit_fingerprint import circuit_fingerprint
        from hq_assets.quantum.circuit_figures import circuit_figures

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


@cache
def compiler_version() -> str:
    """Version of our own code that compiles and describes circuits: a change of it compiles anew."""
    from hq_assets.lineage.code_fingerprint import code_version

    facts = "resources.control.circuit_facts"
    return code_version("hq_assets.quantum.transpilation", also=(facts,))


def compiled_frame(rows: list[dict[str, Any]]) -> Any:
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
