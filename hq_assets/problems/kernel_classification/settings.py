"""The validated problem section of a kernel-classification workload (imports nothing heavy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hq_assets.problems.contract import KindSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESERVED_COLUMNS = (
    "record_id", "seed", "split", "label", "status", "reason", "source_file", "source_line",
    "schema_version", "row", "text",
)  # fmt: skip
"""Names that the tables of this kind use themselves, so no feature may have them."""

Bounds = tuple[float, float]


class Part(BaseModel):
    """Base of the sections: unknown keys are refused, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Feature(Part):
    """The contract of one numeric feature."""

    drift: Literal["fixed", "may_drift"] = Field(
        default="may_drift", description="`fixed`: drift asks for retraining; `may_drift`: reported"
    )
    range: Bounds | None = Field(default=None, description="Allowed values, both ends included")
    unit: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.range is not None and not self.range[0] < self.range[1]:
            message = (
                f"range {list(self.range)} needs its lower end first; exchange the two numbers"
            )
            raise ValueError(message)
        return self


def _expand_feature(value: Any) -> Any:
    """A bare word is the drift mark: `mean_radius: fixed`."""
    return {"drift": value} if isinstance(value, str) else value


class MissingRule(Part):
    """What happens to values that are absent, NaN or infinite."""

    markers: tuple[str, ...] = Field(
        default=("NA", "N/A", "null", "None", "?"), description="Texts that mean: no value"
    )
    max_per_row: int = Field(default=3, ge=0, description="Rows that miss more values are dropped")
    impute: Literal["median"] = Field(
        default="median", description="Replacement, from the training rows of the seed"
    )


class OutlierRule(Part):
    """Fences `q_low - m * spread, q_high + m * spread` with spread `q_high - q_low` (Tukey)."""

    quantiles: Bounds = (0.25, 0.75)
    multiplier: float = Field(
        default=3.0, gt=0, description="m; a large value switches clipping off"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.quantiles
        if not 0 <= low < high <= 1:
            message = (
                f"quantiles {[low, high]} need 0 <= low < high <= 1; use for example [0.25, 0.75]"
            )
            raise ValueError(message)
        return self


class Encoding(Part):
    """How a row of components becomes the parameters of a circuit."""

    name: str = Field(
        description="Encoding of `quantum.encodings`: angle, zz, iqp, basis, amplitude"
    )
    num_qubits: int = Field(ge=1)
    reps: int = Field(default=1, ge=1)
    entanglement: str | None = None
    components: int | None = Field(
        default=None, ge=1, description="Features per row; num_qubits if absent"
    )
    range: Bounds | None = Field(
        default=None, description="Values of a component; the encoding's range if absent"
    )
    scaling: Literal["joint", "per_component"] = Field(
        default="joint",
        description="One factor for all components (their variances stay in proportion) or one for each",
    )
    bandwidths: tuple[float, ...] = Field(
        default=(1.0,),
        min_length=1,
        description="Shares of the range, around its centre; of several, one is chosen per seed by "
        "cross-validation on training rows with classically computed kernels (at most 12 qubits)",
    )

    @property
    def num_components(self) -> int:
        """Features per encoded row."""
        return self.components if self.components is not None else self.num_qubits

    @property
    def circuit_id(self) -> str:
        """Key of the circuit template, e.g. `zz_8q_full_r2`."""
        parts = [self.name, f"{self.num_qubits}q", self.entanglement, f"r{self.reps}"]
        return "_".join(part for part in parts if part)

    @property
    def bounds(self) -> Bounds:
        """Lowest and highest value of a component."""
        from hq_assets.quantum.encodings import encoding_rule

        rule = encoding_rule(self.name)
        return self.range if self.range is not None else (rule.low, rule.high)

    @model_validator(mode="after")
    def _obeys_the_encoding(self) -> Self:
        from hq_assets.quantum.encodings import check_encoding, encoding_rule

        messages = check_encoding(
            self.name, self.num_qubits, self.num_components, self.entanglement, self.reps
        )
        if messages:
            raise ValueError(" ".join(messages))
        rule, (low, high) = encoding_rule(self.name), self.bounds
        if not rule.low <= low < high <= rule.high:
            message = (
                f"range {[low, high]} does not lie in what encoding '{self.name}' takes; "
                f"give two increasing numbers between {rule.low} and {rule.high}"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _bandwidths_are_shares(self) -> Self:
        if any(not 0 < share <= 1 for share in self.bandwidths):
            message = f"bandwidths {list(self.bandwidths)} need numbers above 0 and at most 1"
            raise ValueError(message)
        if len(self.bandwidths) > 1 and self.num_qubits > MAX_QUBITS_TO_CHOOSE_BANDWIDTH:
            message = (
                f"{len(self.bandwidths)} bandwidths were given for {self.num_qubits} qubits, but choosing one needs "
                f"classical states of at most {MAX_QUBITS_TO_CHOOSE_BANDWIDTH} qubits; declare exactly one"
            )
            raise ValueError(message)
        return self


MAX_QUBITS_TO_CHOOSE_BANDWIDTH = 12
"""200 states of 12 qubits take 13 MB; each qubit more doubles that."""


class Classifier(Part):
    """The support vector machine on the kernel; several C are compared on training rows only."""

    c_grid: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(1.0, 10.0, 100.0), min_length=1
    )
    folds: int = Field(
        default=5, ge=2, description="Folds of every cross-validation on training rows"
    )


class BaselineRule(Part):
    """Classical methods that a quantum answer is compared with, and their grids."""

    methods: tuple[Literal["linear_svc", "rbf_svc", "poly_svc", "logistic_regression"], ...] = (
        Field(default=("linear_svc", "rbf_svc", "poly_svc", "logistic_regression"), min_length=1)
    )
    c_grid: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(0.1, 1.0, 10.0), min_length=1
    )
    gamma_grid: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(0.3, 1.0, 3.0), min_length=1, description="Factors of 1 / number of features"
    )
    degree_grid: tuple[Annotated[int, Field(ge=2, le=5)], ...] = Field(default=(2, 3), min_length=1)


class DecisionRule(Part):
    """From calibrated probability to outcome, and when a comparison counts as decided."""

    threshold: float = Field(
        default=0.5, gt=0, lt=1, description="Probability from which the label is positive"
    )
    abstain_between: Bounds = Field(
        default=(0.35, 0.65), description="Inside this open band nobody decides"
    )
    action_from: float = Field(
        default=0.9, gt=0, le=1, description="From here the positive outcome is `action`"
    )
    reliability_bins: int = Field(default=10, ge=2)
    equivalence_margin: float = Field(
        default=0.02, gt=0, description="Differences within it count as equal"
    )
    confidence_level: float = Field(default=0.95, gt=0.5, lt=1)
    drift_false_alarm_rate: float = Field(
        default=1e-4,
        gt=0,
        lt=1,
        description="Chance per seed that undrifted fixed features ask for retraining",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        low, high = self.abstain_between
        if not 0 <= low <= self.threshold <= high <= self.action_from:
            message = (
                f"abstain_between {[low, high]}, threshold {self.threshold} and action_from {self.action_from} "
                "contradict each other; order them as low <= threshold <= high <= action_from"
            )
            raise ValueError(message)
        return self


_CLEAN, _ENCODE, _SOLVE, _DECIDE = "clean", "encode", "solve_classically", "decide"


class Settings(KindSettings):
    """Settings of the kind `kernel_classification`."""

    read_by: ClassVar[Mapping[str, frozenset[str]]] = {
        "id_column": frozenset({_CLEAN}),
        "label_column": frozenset({_CLEAN}),
        "positive_label": frozenset({_CLEAN, _ENCODE, _SOLVE, _DECIDE}),
        "negative_label": frozenset({_CLEAN, _SOLVE, _DECIDE}),
        "features": frozenset({_CLEAN, _ENCODE, _SOLVE, _DECIDE}),
        "missing": frozenset({_CLEAN}),
        "outliers": frozenset({_CLEAN}),
        "duplicates": frozenset({_CLEAN}),
        "out_of_range": frozenset({_CLEAN}),
        "unlabelled": frozenset({_CLEAN}),
        "train_rows": frozenset({_CLEAN}),
        "test_rows": frozenset({_CLEAN}),
        "selected_features": frozenset({_ENCODE}),
        "encoding": frozenset({_ENCODE, "construct_circuits"}),
        "classifier": frozenset({_CLEAN, _ENCODE, _SOLVE, _DECIDE}),
        "baselines": frozenset({_SOLVE, _DECIDE}),
        "decision": frozenset({_DECIDE}),
    }

    id_column: str
    label_column: str
    positive_label: str
    negative_label: str
    features: dict[str, Annotated[Feature, BeforeValidator(_expand_feature)]] = Field(min_length=1)
    missing: MissingRule = MissingRule()
    outliers: OutlierRule = OutlierRule()
    duplicates: Literal["drop", "keep"] = Field(
        default="drop",
        description="Rows with equal values under another id; a repeated id is always dropped",
    )
    out_of_range: Literal["drop", "missing"] = Field(
        default="drop", description="Rows with a value outside a feature's range, or only the value"
    )
    unlabelled: Literal["drop", "decide"] = Field(
        default="drop",
        description="Rows without a label: dropped, or new records to decide on (split test)",
    )
    train_rows: int = Field(ge=4)
    test_rows: int | Literal["rest"] = Field(
        description="Number, or all rows that are not for training"
    )
    selected_features: int | None = Field(
        default=None, ge=1, description="Best features by ANOVA F on training rows; all if absent"
    )
    encoding: Encoding
    classifier: Classifier = Classifier()
    baselines: BaselineRule = BaselineRule()
    decision: DecisionRule = DecisionRule()

    def required_columns(self) -> tuple[str, ...]:
        """Id, features and label, in that order."""
        return (self.id_column, *self.features, self.label_column)

    def data_contract(self) -> dict[str, Any]:
        """Columns, classes, encoding range and which features may drift."""
        return {
            "value_columns": tuple(self.features),
            "label_column": "label",
            "label_values": (self.negative_label, self.positive_label),
            "encoding_range": self.encoding.bounds,
            "feature_contract": {name: feature.drift for name, feature in self.features.items()},
            "drift_false_alarm_rate": self.decision.drift_false_alarm_rate,
        }

    def num_qubits_needed(self) -> int:
        """Number of qubits of the feature map."""
        return self.encoding.num_qubits

    def estimated_pubs(self, seeds: Sequence[int]) -> int | None:
        """Number of pairs over all seeds: training triangle and test × training; None for test_rows `rest`."""
        if self.test_rows == "rest":
            return None
        pairs = self.train_rows * (self.train_rows - 1) // 2 + self.test_rows * self.train_rows
        return len(seeds) * pairs

    @property
    def num_selected(self) -> int:
        """Number of features that selection keeps."""
        return self.selected_features if self.selected_features is not None else len(self.features)

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Self:
        taken = [
            name
            for name in self.features
            if name in (*RESERVED_COLUMNS, self.id_column, self.label_column)
        ]
        if taken or self.id_column == self.label_column:
            message = (
                f"columns {taken or [self.id_column]} are used twice or reserved; rename them in source and "
                f"settings (reserved: {', '.join(RESERVED_COLUMNS)})"
            )
            raise ValueError(message)
        if self.positive_label == self.negative_label:
            message = (
                f"both labels are '{self.positive_label}'; give the two classes different names"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _dimensions_fit(self) -> Self:
        wanted, selected, given = (
            self.encoding.num_components,
            self.num_selected,
            len(self.features),
        )
        if not wanted <= selected <= given:
            message = (
                f"{wanted} components, {selected} selected of {given} features do not fit; "
                "needed is components <= selected_features <= number of features"
            )
            raise ValueError(message)
        if wanted > self.train_rows or self.train_rows < 2 * self.classifier.folds:
            message = (
                f"{self.train_rows} training rows are too few for {wanted} components and {self.classifier.folds} "
                "folds; needed are at least as many as components and two per fold"
            )
            raise ValueError(message)
        if isinstance(self.test_rows, int) and self.test_rows < 2:  # noqa: PLR2004 - one row per class
            message = f"test_rows is {self.test_rows}, but needs at least 2, or the word rest"
            raise ValueError(message)
        return self
