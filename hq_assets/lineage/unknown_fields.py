"""Why a field of a manifest may be null: the usual reasons, and where there is no excuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_DECLARED = "not declared by the workload"
_NOT_ASKED = "the run does not say"
_NO_DATA_YET = "recorded by the stages that read the source data"
_NO_CLEANING = "recorded by cleaned_features and what follows from it"
_NO_ROWS = "recorded by encoded_inputs and what follows from it"
_NO_ENCODING = "recorded by encoded_inputs, where the problem kind has an encoding"
_NO_CIRCUIT = "recorded by compiled_circuits and what follows from it"
_NO_BACKEND = "recorded by target and what follows from it"
_NO_JOB = "recorded by job_receipts and what follows from it"
_NO_RESPONSE = "recorded by raw_counts and what follows from it"
_NO_ANSWER = "recorded by the stages that answer"
_NO_BASELINE = "recorded by decisions"
_NO_EXPERIMENT = "not part of an experiment"
_NO_LOOP = "not part of a variational loop"
_NO_ERROR = "no error"
_NOT_CACHED = "not a cached answer"
_FIRST_TRY = "no attempt came before"
_UNUSED = "not used by this result"

NOT_YET_KNOWN: Mapping[str, str] = {
    "origin": "computed by this run",
    "timings": "not measured",
    "schema_version.result": "a result without tables",
    "schema_version.request": "no request format is in use",
    "schema_version.event": "no event format is in use",
    "request_id": _NOT_ASKED,
    "workflow_id": _NOT_ASKED,
    "idempotency_key": _NO_JOB,
    "payload_fingerprint": _NO_JOB,
    "correlation_id": "no calling service gave one",
    "trace_parent": "no calling service gave one",
    "job_id": _NO_JOB,
    "provider_job_id": _NO_JOB,
    "attempt": _NO_JOB,
    "retry_of": _FIRST_TRY,
    "dagster_run_id": "made outside a run",
    "trigger": _NOT_ASKED,
    "requested_by": _NOT_ASKED,
    "team": _NOT_DECLARED,
    "workload_version": _NOT_DECLARED,
    "criticality": _NOT_DECLARED,
    "latency_class": _NOT_DECLARED,
    "quantum_step": _NOT_DECLARED,
    "success_metric": _NOT_DECLARED,
    "thresholds": _NOT_DECLARED,
    "owners": _NOT_DECLARED,
    "consumer": _NOT_DECLARED,
    "fallback_sentence": _NOT_DECLARED,
    "profile": "recorded by profile and what follows from it",
    "purpose": _NOT_ASKED,
    "hardware_question": "no question was put to hardware",
    "exit_rule": _NO_EXPERIMENT,
    "experiment_id": _NO_EXPERIMENT,
    "sweep_id": "not part of a sweep",
    "iteration": _NO_LOOP,
    "restart": _NO_LOOP,
    "data_class": _NOT_DECLARED,
    "allowed_regions": _NOT_DECLARED,
    "source_hashes": _NO_DATA_YET,
    "dataset_version": "the publisher gives none",
    "input_hash": _NO_ROWS,
    "split": _NO_CLEANING,
    "sampling_strategy": _UNUSED,
    "seeds": _UNUSED,
    "transforms": _NO_CLEANING,
    "preprocessing_version": "part of code_version",
    "postprocessing_version": "part of code_version",
    "feature_contract": _NOT_DECLARED,
    "encoding": _NO_ENCODING,
    "feature_map": _NO_ENCODING,
    "feature_map_cost": _NO_CIRCUIT,
    "baseline_ref": _NO_BASELINE,
    "baseline_quality": _NO_BASELINE,
    "decision_threshold": _UNUSED,
    "calibrator": _UNUSED,
    "ensemble_weights": _UNUSED,
    "circuit_template": _NO_CIRCUIT,
    "template_version": _NO_CIRCUIT,
    "release_note": _NO_CIRCUIT,
    "circuit_fingerprint": _NO_CIRCUIT,
    "parameter_values": "the rows of encoded_inputs hold them",
    "parameterization_version": _UNUSED,
    "measurement": _NO_CIRCUIT,
    "transpile_options": _NO_CIRCUIT,
    "compiled_fingerprint": _NO_CIRCUIT,
    "num_qubits": _NO_CIRCUIT,
    "num_qubits.abstract": _NO_CIRCUIT,
    "num_qubits.compiled": _NO_CIRCUIT,
    "depth": _NO_CIRCUIT,
    "depth.abstract": _NO_CIRCUIT,
    "depth.compiled": _NO_CIRCUIT,
    "two_qubit_gates": _NO_CIRCUIT,
    "two_qubit_gates.abstract": _NO_CIRCUIT,
    "two_qubit_gates.compiled": _NO_CIRCUIT,
    "backend_assumptions": _NOT_DECLARED,
    "provider": "a backend without a company behind it",
    "backend": _NO_BACKEND,
    "target_fingerprint": _NO_BACKEND,
    "backend_options": _NO_BACKEND,
    "calibration_id": "no calibration plays a part",
    "calibration_id.compile": "recorded by compiled_circuits",
    "calibration_id.submit": "recorded by job_receipts",
    "calibration_id.finish": "recorded by raw_counts",
    "conditions_changed": _FIRST_TRY,
    "shots": _NO_JOB,
    "shots.asked": _NO_JOB,
    "shots.returned": _NO_RESPONSE,
    "mitigation": "none was asked for",
    "packages": "made outside a run",
    "sdk_version": "made outside a run",
    "git_commit": "the project is not a git repository",
    "payload_ref": _NO_JOB,
    "raw_response_ref": _NO_RESPONSE,
    "result_ref": _NO_RESPONSE,
    "partial": _NO_RESPONSE,
    "error_class": _NO_ERROR,
    "error_code": _NO_ERROR,
    "diagnosis": _NO_ERROR,
    "tier": _NO_ANSWER,
    "reason": "the first tier of the routing policy answered, or none was asked",
    "route": _NO_ANSWER,
    "routing_policy": _NOT_DECLARED,
    "method": _NO_ANSWER,
    "origin_tier": _NOT_CACHED,
    "origin_result": _NOT_CACHED,
    "age_seconds": _NOT_CACHED,
    "cost_items": _NO_RESPONSE,
}
"""Field, or part of a field → the usual reason for null. What is not listed is always known."""

_DATA = ("source_hashes", "split", "transforms", "seeds")
_ROWS = (*_DATA, "input_hash")
_CIRCUITS = (
    *_ROWS,
    "backend",
    "target_fingerprint",
    "circuit_fingerprint",
    "compiled_fingerprint",
    "transpile_options",
    "template_version",
    "measurement",
    "calibration_id",
)
_JOBS = (*_CIRCUITS, "idempotency_key", "payload_fingerprint", "payload_ref")
_ANSWERS = (
    *_JOBS,
    "raw_response_ref",
    "result_ref",
    "partial",
    "shots",
    "cost_items",
    "tier",
    "route",
)

KNOWN_AT: Mapping[str, tuple[str, ...]] = {
    "source": ("source_hashes",),
    "target": ("backend", "target_fingerprint", "backend_options"),
    "profile": ("profile",),
    "cleaned_features": _DATA,
    "encoded_inputs": _ROWS,
    "compiled_circuits": (*_CIRCUITS, "feature_map_cost"),
    "job_receipts": (*_JOBS, "attempt"),
    "raw_counts": (*_ANSWERS, "attempt"),
    "baselines": _DATA,
    "normalized_results": _ANSWERS,
    "decisions": (*_ANSWERS, "baseline_ref", "baseline_quality"),
}
"""Stage → fields that it must know: there the usual reason is no excuse."""
