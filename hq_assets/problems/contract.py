"""The verbs that every problem kind offers, and the value types that pass between them and the stages.

A kind is a folder `hq_assets/problems/<kind>/` with one module per verb; each module holds one public
function of the module's name:

- `settings.py`: class `Settings(KindSettings)`, the validated problem section of a `defs.yaml`.
- `clean.py`: `clean(files, settings, seeds) -> Cleaned`
- `encode.py`: `encode(cleaned, settings, seeds) -> Encoded`
- `construct_circuits.py`: `construct_circuits(encoded, settings) -> list[CircuitTemplate]`
- `combine_results.py`: `combine_results(counts, encoded, settings, seeds) -> Combined`
- `solve_classically.py`: `solve_classically(cleaned, settings, seeds) -> Baselines`
- `decide.py`: `decide(normalized, baselines, cleaned, settings, seeds) -> Decided`

Nothing in a verb reads the clock, the environment or the network; files are read only through the
paths given. Frames are Polars; row order is part of the result and must be deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl
    from qiskit import QuantumCircuit

SCHEMA_VERSION = "1.0"
"""Version of the tables that the verbs return; a change of columns or meaning raises it."""

RowStatus = Literal["ok", "changed", "dropped", "error", "unsupported", "not_applicable"]


class DataError(ValueError):
    """The source data cannot be used; the message says what was given, what is needed and what to do."""


class KindSettings(BaseModel):
    """Base of every kind's settings: unknown keys are refused, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    read_by: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Setting → verbs that read it. A setting that is not named counts as read by every verb, so an
    omission recomputes too much, never too little."""

    def part_for(self, verb: str) -> dict[str, Any]:
        """JSON-able settings that a verb reads: a change of any other leaves the verb's stage alone."""
        values = self.model_dump(mode="json")
        return {
            name: value for name, value in values.items() if verb in self.read_by.get(name, {verb})
        }

    def required_columns(self) -> Sequence[str]:
        """Columns that the header of each tabular source file must have (read when definitions load)."""
        return ()

    def data_contract(self) -> dict[str, Any]:
        """What data-quality checks may hold the tables to, as JSON-able values by name.

        Known names: value_columns, label_column, label_values, encoding_range, feature_contract,
        drift_false_alarm_rate, one_row_per_record.
        """
        return {}

    def decision_facts(self) -> dict[str, Any]:
        """How `decide` turns scores into decisions, as JSON-able manifest fields.

        Known names: decision_threshold, calibrator, ensemble_weights; those without meaning are left out.
        """
        return {}

    def metric_names(self) -> Sequence[str]:
        """Metrics that `decide` reports and a charter may name; empty if any name is allowed."""
        return ()

    def num_qubits_needed(self) -> int | None:
        """Number of qubits of the widest circuit, or None where only the data can tell."""
        return None

    def estimated_pubs(self, seeds: Sequence[int]) -> int | None:
        """Number of circuit executions (parameter rows or pairs over all seeds), or None if unknown."""
        del seeds
        return None


@dataclass(frozen=True)
class SourceFile:
    """One file of the source, captured by content.

    Attributes:
        path: Name relative to the workload's data folder, as people know it.
        local: Where the captured, immutable bytes can be read.
        content_hash: SHA-256 of the bytes, hex.
        size: Bytes.
    """

    path: str
    local: Path
    content_hash: str
    size: int


@dataclass(frozen=True)
class Transform:
    """One fitted or fixed step that changed values, in the order applied; recorded in the manifest.

    Attributes:
        name: What was done, e.g. `standardize`.
        fitted_on: Rows that the parameters were fitted on, e.g. `split == train, seed 3`, or `fixed`.
        parameters: JSON-able fitted parameters (means, bounds, components …) or a summary with a hash
            where they are large.
    """

    name: str
    fitted_on: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Cleaned:
    """Rows of `cleaned_features`.

    Attributes:
        frame: Columns record_id (str), seed (i64), split (`train`, `test`, `unused`), the kind's value
            columns, status (RowStatus), reason (str or null). Lazy: it may be larger than memory.
        transforms: What was fitted or applied.
        facts: Small JSON-able facts for metadata and checks (numbers of rows read, dropped, changed …).
    """

    frame: pl.LazyFrame
    transforms: Sequence[Transform] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Encoded:
    """Rows of `encoded_inputs` and what travels with them.

    Attributes:
        frame: Columns circuit_id (str), seed (i64), parameter_row (i64, 0.. within circuit_id × seed),
            record_ids (list[str]), split (str or null), values (list[f64], in the order of the circuit
            template's `parameters`), status, reason.
        pairs: For fidelity kernels: the index lists circuit_id, seed, block (str, e.g. `train`,
            `test`), left (i64), right (i64), both parameter_row numbers; row order numbers the pairs
            within circuit_id × seed. None for kinds without pairs.
        circuits: For kinds whose circuits come from the data: circuit_id, format, content (binary),
            path. None for kinds that construct their circuits from settings.
        transforms: What was fitted or applied.
        facts: Small JSON-able facts.
    """

    frame: pl.LazyFrame
    pairs: pl.LazyFrame | None = None
    circuits: pl.LazyFrame | None = None
    transforms: Sequence[Transform] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CircuitTemplate:
    """One abstract circuit, or the reason why there is none.

    Attributes:
        circuit_id: Key that encoded rows refer to.
        circuit: Abstract circuit with measurements, or None where status is not `ok`. For a fidelity
            kernel this is the pair circuit U(left) U†(right), its parameters ordered left then right.
        parameters: Names in the order in which parameter values are given.
        overlap_circuit: For a fidelity kernel the measurement-free U(x), from which a backend with
            exact overlaps may compute |<U(l)|U(r)>|²; else None.
        overlap_parameters: Names of the overlap circuit's parameters in order.
        status: `ok`, `error` (malformed) or `unsupported`.
        reason: Why, when the status is not `ok`.
    """

    circuit_id: str
    circuit: QuantumCircuit | None
    parameters: Sequence[str] = ()
    overlap_circuit: QuantumCircuit | None = None
    overlap_parameters: Sequence[str] = ()
    status: RowStatus = "ok"
    reason: str | None = None


@dataclass(frozen=True)
class Combined:
    """Rows of `normalized_results`.

    Attributes:
        frame: Columns name (str, e.g. `kernel_train`, `kernel_test`, `probability`), circuit_id, seed,
            indices (list[i64]: matrix indices of a kernel, the parameter row of a distribution),
            label (str or null: register values of an outcome), value (f64), std (f64, standard error;
            0 for exact).
            The stage adds tier, backend, calibration_id and schema_version.
        facts: Small JSON-able facts (e.g. smallest eigenvalue before a repair). The stage adds
            `refused`: circuit_id → why no counts of it came back.
    """

    frame: pl.LazyFrame
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Baselines:
    """Rows of `baselines`.

    Attributes:
        frame: The columns of normalized_results plus method (str), split (str), quality (f64, the
            method's own quality on that split and seed) and record_id (str or null).
        facts: Small JSON-able facts (tuned parameters, best method …).
    """

    frame: pl.LazyFrame
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decided:
    """Rows of `decisions` and what a person wants to see of them.

    Attributes:
        frame: Columns record_id, seed, published (bool: the first declared seed), outcome (`action`,
            `recommendation`, `abstain`, `retrain`), label (str: the class or candidate decided for),
            score (f64, e.g. the margin), confidence_value (f64), confidence_kind, confidence_method,
            reason (str or null), baseline_ref (str or null), baseline_label (str or null) and the
            kind's own columns. The stage adds tier, backend, calibration_id, profile, schema_version.
        metrics: Flat name → number (None where undefined), for metadata plots.
        tables: Small tables for people, name → list of row mappings (e.g. paired differences).
        series: Points for pictures, name → mapping of lists (e.g. `reliability` → predicted, observed,
            count; `roc` → fpr, tpr; `margins` → score, label).
    """

    frame: pl.LazyFrame
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    series: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
