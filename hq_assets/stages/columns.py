"""What the columns of the stage tables mean, in one place, for the UI and for readers of the SQL face."""

from collections.abc import Mapping, Sequence

import dagster as dg

FEATURE = "Feature of the workload, in the unit of the source"

MEANING: Mapping[str, str] = {
    "record_id": "Identity of the record, from the source",
    "record_ids": "Records whose values stand in this parameter row",
    "seed": "Declared seed of the split",
    "split": "train, test or unused",
    "status": "ok, changed, dropped, error, unsupported or not_applicable",
    "reason": "Why the row was changed, dropped or refused",
    "schema_version": "Version of this table's schema",
    "circuit_id": "Circuit template, or file for foreign circuits",
    "parameter_row": "Number of the parameter row within circuit and seed; null for pairs",
    "values": "Parameter values in the order of the template, in the range of the encoding",
    "block": "train (upper triangle) or test (test × train) pairs",
    "left": "Parameter row of the left state",
    "right": "Parameter row of the right state",
    "template_version": "Semantic version of the circuit template",
    "role": "circuit (is executed) or overlap (state preparation for exact overlaps)",
    "circuit_fingerprint": "Structural hash of the abstract circuit",
    "compiled_fingerprint": "Structural hash of the ISA circuit",
    "target_fingerprint": "Hash of instructions and connectivity compiled for",
    "num_qubits": "Qubits that the circuit uses",
    "depth": "Depth after compilation",
    "two_qubit_gates": "Two-qubit gates after compilation",
    "abstract_depth": "Depth before compilation",
    "abstract_two_qubit_gates": "Two-qubit gates before compilation",
    "parameters": "Parameter names in order",
    "classical_bits": "Classical bits of one outcome",
    "idempotency_key": "Key under which the job is submitted at most once",
    "payload_fingerprint": "Hash of the canonical payload",
    "backend": "Backend that ran the job",
    "provider_job_id": "The job's id at the provider",
    "pubs": "Primitive unified blocs in the job",
    "executions": "Circuit executions in the job",
    "request_id": "What asked for the job",
    "execution": "Parameter row, or number of the pair",
    "register": "Classical register; `all` where several are joined",
    "bitstring": "Outcome, bit 0 rightmost; `rest` stands for all but the all-zero outcome",
    "count": "Shots with this outcome",
    "weight": "Probability of this outcome, for exact results",
    "shots": "Shots asked for per execution",
    "shots_returned": "Shots returned per execution",
    "method": "How the counts arose (sampled, exact, binomial), or the baseline's method",
    "tier": "Kind of solver that made the result: quantum, simulator, classical, cached, pending",
    "name": "Quantity",
    "indices": "Indices of the quantity: matrix row and column, or parameter row",
    "label": "Class decided for, or outcome of a distribution",
    "value": "Value of the quantity",
    "std": "Standard error of the value; 0 for exact results",
    "calibration_id": "Calibration snapshot in force",
    "quality": "Quality of the baseline method on this split and seed",
    "published": "Whether this row belongs to the published (first) seed",
    "outcome": "action, recommendation, abstain or retrain",
    "score": "Decision score, e.g. the margin",
    "confidence_value": "Confidence",
    "confidence_kind": "What the confidence means",
    "confidence_method": "How the confidence was obtained",
    "profile": "Declared profile that made the decision",
    "baseline_ref": "Classical answer that this decision is compared with",
    "baseline_label": "Label of the classical answer",
    "path": "File name relative to the workload",
    "content_hash": "SHA-256 of the file's bytes",
    "size": "Bytes",
    "ref": "Where the captured bytes stand in the artifact store",
    "operation": "Operation of the backend",
    "placements": "Qubits or pairs that the operation can act on; null where on any",
    "source_file": "File that the record came from",
    "source_line": "Line of the record in its file",
    "format": "OpenQASM 2, OpenQASM 3, QPY or parameter table",
    "target": "Circuit that the parameters are for",
    "names": "Parameter names in order",
    "content": "Bytes of the file",
    "probability": "Calibrated probability of the positive class",
    "true_label": "Class that the source states",
    "baseline_probability": "Probability of the positive class by the best baseline",
    "ensemble_probability": "Mean of this probability and that of the best baseline",
    "fidelity": "Hellinger fidelity of the measured to the ideal distribution",
    "fidelity_low": "Lower end of the fidelity's interval",
    "fidelity_high": "Upper end of the fidelity's interval",
    "expected_fidelity": "Fidelity that a perfect backend reaches with as many shots",
    "distance": "Total variation distance to the ideal distribution",
    "distance_low": "Lower end of the distance's interval",
    "distance_high": "Upper end of the distance's interval",
    "expected_distance": "Distance that a perfect backend keeps with as many shots",
    "records": "Records in the file, where the format tells without parsing",
}


def column_schema(columns: Mapping[str, str], values: Sequence[str] = ()) -> dg.TableSchema:
    """Dagster's column schema of a stored table.

    Args:
        columns: Column → Polars type, as the store keeps them.
        values: Columns that hold the workload's own features.
    """
    meaning = {**dict.fromkeys(values, FEATURE), **MEANING}
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name=name, type=kind, description=meaning.get(name))
            for name, kind in columns.items()
        ]
    )
