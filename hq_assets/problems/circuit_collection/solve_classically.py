"""Verb `solve_classically`: ideal distributions of the circuits for which they can be computed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

from hq_assets.problems.circuit_collection.construct_circuits import construct_circuits
from hq_assets.problems.circuit_collection.encode import USABLE, encode, record_name
from hq_assets.problems.circuit_collection.ideal import STATEVECTOR, Ideal, ideal_distribution
from hq_assets.problems.circuit_collection.refusal import RefusedError
from hq_assets.problems.contract import Baselines, Cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_assets.problems.circuit_collection.settings import Settings
    from hq_assets.problems.contract import CircuitTemplate

SCHEMA = {
    "name": pl.String,
    "circuit_id": pl.String,
    "seed": pl.Int64,
    "indices": pl.List(pl.Int64),
    "label": pl.String,
    "value": pl.Float64,
    "std": pl.Float64,
    "method": pl.String,
    "split": pl.String,
    "quality": pl.Float64,
    "record_id": pl.String,
}


def solve_classically(cleaned: Cleaned, settings: Settings, seeds: Sequence[int]) -> Baselines:
    """Compute ideal distributions by state vector or stabilizers.

    A circuit without one has a single row without label and value, and its reason in
    `facts["not_applicable"]`; refused circuits have no row here, the decision names them.

    Returns:
        Rows by seed, circuit, parameter row, outcome; `quality` is the fidelity to itself, 1.
    """
    encoded = encode(cleaned, settings, seeds)
    templates = {each.circuit_id: each for each in construct_circuits(encoded, settings)}
    rows = encoded.frame.filter(pl.col("seed") == seeds[0]).collect().rows(named=True)
    per_circuit = Counter(row["circuit_id"] for row in rows)
    reasons: dict[str, str] = {}
    methods: Counter[str] = Counter()
    parts = [pl.DataFrame(schema=SCHEMA)]
    for row in rows:
        circuit_id = row["circuit_id"]
        template = templates[circuit_id]
        if row["status"] not in USABLE or template.circuit is None:
            continue
        record_id = record_name(circuit_id, row["parameter_row"], per_circuit[circuit_id])
        try:
            ideal = bound_ideal(template, row["values"], settings)
        except RefusedError as refusal:
            reasons[circuit_id] = refusal.reason
            ideal = None
        methods[ideal.method if ideal else "not_applicable"] += 1
        parts.append(distribution_rows(row, record_id, ideal))
    base = pl.concat(parts)
    frame = pl.concat([base.with_columns(seed=pl.lit(seed, dtype=pl.Int64)) for seed in seeds])
    facts = {"not_applicable": reasons, "distributions": dict(sorted(methods.items()))}
    return Baselines(frame.lazy(), facts)


def bound_ideal(template: CircuitTemplate, values: Sequence[float], settings: Settings) -> Ideal:
    """Ideal distribution of a template at one parameter row.

    Raises:
        RefusedError: `not_applicable`: there is none.
        ValueError: The template has no circuit.
    """
    if template.circuit is None:
        message = f"the template of {template.circuit_id} has no circuit; skip refused templates"
        raise ValueError(message)
    circuit = template.circuit.assign_parameters(
        dict(zip(template.parameters, values, strict=True))
    )
    return ideal_distribution(circuit, settings)


def distribution_rows(row: Mapping[str, Any], record_id: str, ideal: Ideal | None) -> pl.DataFrame:
    """Rows of one distribution, most probable outcome first; one empty row where there is none."""
    labels = list(ideal.labels) if ideal else [None]
    values = ideal.probabilities.tolist() if ideal else [None]
    frame = pl.DataFrame(
        {"label": labels, "value": values}, schema={"label": pl.String, "value": pl.Float64}
    )
    return frame.sort(["value", "label"], descending=[True, False]).select(
        name=pl.lit("probability"),
        circuit_id=pl.lit(row["circuit_id"]),
        seed=pl.lit(row["seed"], dtype=pl.Int64),
        indices=pl.concat_list(pl.lit(row["parameter_row"], dtype=pl.Int64)),
        label="label",
        value="value",
        std=pl.when(pl.col("value").is_not_null()).then(0.0),
        method=pl.lit(ideal.method if ideal else STATEVECTOR),
        split=pl.lit("unused"),
        quality=pl.when(pl.col("value").is_not_null()).then(1.0),
        record_id=pl.lit(record_id),
    )
