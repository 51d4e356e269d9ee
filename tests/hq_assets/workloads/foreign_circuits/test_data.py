"""The example files do what their SOURCE.md says, from bytes to decisions, without noise."""

import hashlib
import time
from pathlib import Path

import polars as pl
import pytest
from qiskit import transpile
from qiskit_aer import AerSimulator

from hq_assets.problems.circuit_collection.clean import clean
from hq_assets.problems.circuit_collection.combine_results import combine_results
from hq_assets.problems.circuit_collection.construct_circuits import construct_circuits
from hq_assets.problems.circuit_collection.decide import decide
from hq_assets.problems.circuit_collection.encode import encode
from hq_assets.problems.circuit_collection.settings import Settings
from hq_assets.problems.circuit_collection.solve_classically import solve_classically
from hq_assets.problems.contract import SourceFile

FOLDER = Path(__file__).parents[4] / "hq_assets" / "workloads" / "foreign_circuits" / "data"
SHOTS = 1024
SEEDS = (11,)
NO_REFERENCE = {
    "coin_until_heads.qasm",
    "conditional_flip.qasm",
    "repeat_until_success.qasm",
    "teleportation.qasm",
}
REFUSED = {
    "malformed.qasm": "line 7, column 1",
    "opaque_gate.qasm": "opaque",
    "rotations.qpy#2": "finite number",
    "subroutine.qasm": "SubroutineDefinition",
    "too_wide.qasm": "200 qubits",
}


WIDE = "layers_25.qasm"
"""Takes seconds on a simulator, so it has a test of its own."""


def simulate(template, values):
    """Counts of one circuit on Aer without noise."""
    method = "stabilizer" if template.circuit_id == "ghz_100.qasm" else "statevector"
    # Truncation drops the marks that control flow jumps to when a circuit ends inside a block.
    simulator = AerSimulator(
        method=method, seed_simulator=5, max_parallel_threads=1, enable_truncation=False
    )
    bound = template.circuit.assign_parameters(dict(zip(template.parameters, values, strict=True)))
    compiled = transpile(bound, simulator, optimization_level=0)
    return simulator.run(compiled, shots=SHOTS).result().get_counts()


@pytest.fixture(scope="module")
def journey():
    """All tables of one run through the kind."""
    settings = Settings()
    files = [
        SourceFile(
            f"data/{path.name}",
            path,
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_size,
        )
        for path in sorted(FOLDER.iterdir())
    ]
    cleaned = clean(files, settings, SEEDS)
    encoded = encode(cleaned, settings, SEEDS)
    templates = {each.circuit_id: each for each in construct_circuits(encoded, settings)}
    rows = [
        {
            "circuit_id": row["circuit_id"],
            "seed": SEEDS[0],
            "parameter_row": row["parameter_row"],
            "register": "all",
            "bitstring": bits,
            "count": number,
            "weight": None,
            "shots": SHOTS,
            "method": "sampled",
        }
        for row in encoded.frame.filter(pl.col("status").is_in(["ok", "changed"]))
        .collect()
        .iter_rows(named=True)
        if row["circuit_id"] != WIDE
        for bits, number in simulate(templates[row["circuit_id"]], row["values"]).items()
    ]
    counts = pl.LazyFrame(rows, schema_overrides={"weight": pl.Float64})
    combined = combine_results(counts, encoded, settings, SEEDS)
    baselines = solve_classically(cleaned, settings, SEEDS)
    return combined, decide(combined, baselines, cleaned, settings, SEEDS), encoded


def values_of(journey, circuit_id):
    frame = journey[0].frame.filter(pl.col("circuit_id") == circuit_id).collect()
    return dict(zip(frame["label"], frame["value"], strict=True))


def test_every_file_is_accepted_has_no_reference_or_is_refused_as_its_source_says(journey):
    rows = {row["record_id"]: row for row in journey[1].frame.collect().iter_rows(named=True)}
    assert {name for name, row in rows.items() if row["label"] == "no_reference"} == NO_REFERENCE
    refused = {name: row["reason"] for name, row in rows.items() if row["label"] == "refused"}
    assert refused.keys() == REFUSED.keys()
    for name, words in REFUSED.items():
        assert words in refused[name]
    accepted = {name for name, row in rows.items() if row["label"] == "accepted"}
    assert len(accepted) == 13
    assert rows.keys() == accepted | NO_REFERENCE | REFUSED.keys() | {WIDE}
    assert rows[WIDE]["label"] == "no_result"


def test_every_distribution_sums_to_one(journey):
    sums = journey[0].frame.group_by("circuit_id", "indices").agg(pl.col("value").sum()).collect()
    assert sums.height == 17
    assert ((sums["value"] - 1.0).abs() < 1e-9).all()


def test_the_adder_adds_and_the_transform_returns_to_its_input(journey):
    assert values_of(journey, "majority_adder.qasm") == {"101": 1.0}
    assert values_of(journey, "qft_5.qasm") == {"00101": 1.0}


def test_the_while_loop_ends_with_heads_only(journey):
    assert values_of(journey, "coin_until_heads.qasm") == {"1": 1.0}


def test_conditionals_follow_what_was_measured(journey):
    assert values_of(journey, "conditional_flip.qasm").keys() == {"0 0", "1 1"}
    assert values_of(journey, "repeat_until_success.qasm").keys() == {"0 0", "1 1"}


def test_teleportation_delivers_the_state(journey):
    received = sum(
        value
        for label, value in values_of(journey, "teleportation.qasm").items()
        if label[0] == "1"
    )
    # sin(0.6)^2 = 0.3188; a band of 4.4 standard errors is left once in 100,000 runs
    assert abs(received - 0.3188) < 4.4 * (0.3188 * 0.6812 / SHOTS) ** 0.5


@pytest.mark.integration
def test_twenty_five_qubits_run_on_one_core_within_their_time(journey):
    encoded = journey[2]
    template = next(t for t in construct_circuits(encoded, Settings()) if t.circuit_id == WIDE)
    start = time.process_time()
    counts = simulate(template, [])
    assert time.process_time() - start < 20.0
    assert sum(counts.values()) == SHOTS
    assert {len(bits) for bits in counts} == {25}


def test_every_file_stands_in_the_source_note():
    note = (FOLDER / "SOURCE.md").read_text()
    for path in FOLDER.iterdir():
        assert path.name == "SOURCE.md" or f"`{path.name}`" in note
