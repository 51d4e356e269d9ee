"""From encoded rows and compiled circuits to pubs: which circuit is executed with which parameter rows.

Knows no problem kind: a circuit with pairs is executed once per pair (or answered by exact overlaps where
profile and backend allow it), any other circuit once per parameter row.
"""

from typing import Any

from hq_assets.stages.call import StageCall
from resources.backends.contract import Pub


def build_pubs(call: StageCall) -> list[Pub]:
    """One pub per circuit and seed, arrays in the store; refused circuits and rows have none."""
    import polars as pl

    compiled = call.scan("compiled_circuits").filter(pl.col("status") == "ok").collect()
    circuits = {(row["circuit_id"], row["role"]): row for row in compiled.iter_rows(named=True)}
    usable = call.scan("encoded_inputs").filter(pl.col("status").is_in(["ok", "changed"]))
    rows = usable.sort("circuit_id", "seed", "parameter_row").collect()
    pubs = []
    for (circuit_id, seed), group in rows.group_by("circuit_id", "seed", maintain_order=True):
        if (circuit_id, "circuit") in circuits:
            pubs.append(_pub(call, circuits, str(circuit_id), int(seed), group))  # pyright: ignore[reportArgumentType]
    return pubs


def _pub(
    call: StageCall,
    circuits: dict[tuple[str, str], dict[str, Any]],
    circuit_id: str,
    seed: int,
    group: Any,
) -> Pub:
    """The pub of one circuit and seed."""
    pairs = _pairs(call, circuit_id, seed)
    overlaps = pairs is not None and call.profile.method != "sampled"
    role = "overlap" if overlaps else "circuit"
    row = circuits[circuit_id, role]
    artifact = call.inputs["compiled_circuits"]
    values = _values(group)
    return Pub(
        circuit_id=circuit_id,
        seed=seed,
        operation="overlaps" if overlaps else "sample",
        circuit_ref=artifact.blobs[f"{role}:{circuit_id}"].ref,
        compiled_fingerprint=row["compiled_fingerprint"],
        num_parameters=values.shape[1],
        parameter_names=tuple(row["parameters"]),
        parameters_ref=call.store.put_array(values) if values.size else None,
        rows=group.height,
        pairs_ref=call.store.put_array(pairs) if pairs is not None else None,
        num_pairs=len(pairs) if pairs is not None else 0,
        shots=call.profile.shots,
    )


def _values(group: Any) -> Any:
    """Parameter values of a group, float64, shape (rows, parameters per row).

    Rows are contiguous from 0, so that the array's row number is the parameter row.
    """
    import numpy as np

    numbers = group["parameter_row"].to_numpy()
    if not np.array_equal(numbers, np.arange(group.height)):
        message = "parameter rows of a circuit and seed must be numbered 0, 1, 2, … without gaps"
        raise ValueError(message)
    width = int(group["values"].list.len().max() or 0)
    return (
        group["values"].list.explode().to_numpy().reshape(group.height, width)
        if width
        else np.empty((group.height, 0))
    )


def _pairs(call: StageCall, circuit_id: str, seed: int) -> Any:
    """Pairs of a circuit and seed, int64, shape (pairs, 2), or None where the kind has none."""
    import polars as pl

    if "pairs" not in call.inputs["encoded_inputs"].tables:
        return None
    chosen = call.scan("encoded_inputs", "pairs").filter(
        (pl.col("circuit_id") == circuit_id) & (pl.col("seed") == seed)
    )
    return chosen.select("left", "right").collect().to_numpy().astype("int64")
