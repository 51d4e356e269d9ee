"""Sections of the settings of this kind: features, rules of cleaning, encoding, classifier, decision."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
    unit: str | None = Field(default=None, description="Unit of the values, for people")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.range is not None and not self.range[0] < self.range[1]:
            message = (
                f"range {list(self.range)} needs its lower end first; exchange the two numbers"
            )
            raise ValueError(message)
        return self


def expand_feature(value: Any) -> Any:
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

    quantiles: Bounds = Field(
        default=(0.25, 0.75), description="q_low and q_high, from the training rows of the seed"
    )
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
    num_qubits: int = Field(ge=1, description="Qubits of the feature map")
    reps: int = Field(default=1, ge=1, description="Layers of the feature map")
    entanglement: str | None = Field(
        default=None,
        description="For zz and iqp: linear, full or circular; the others entangle nothing of choice",
    )
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
        default=(1.0, 10.0, 100.0), min_length=1, description="Values of C that are compared"
    )
    folds: int = Field(
        default=5, ge=2, description="Folds of every cross-validation on training rows"
    )


class BaselineRule(Part):
    """Classical methods that a quantum answer is compared with, and their grids."""

    methods: tuple[Literal["linear_svc", "rbf_svc", "poly_svc", "logistic_regression"], ...] = (
        Field(
            default=("linear_svc", "rbf_svc", "poly_svc", "logistic_regression"),
            min_length=1,
            description="Methods; the best of them on training rows is the baseline",
        )
    )
    c_grid: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(0.1, 1.0, 10.0), min_length=1, description="Values of C that are compared"
    )
    gamma_grid: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(0.3, 1.0, 3.0), min_length=1, description="Factors of 1 / number of features"
    )
    degree_grid: tuple[Annotated[int, Field(ge=2, le=5)], ...] = Field(
        default=(2, 3), min_length=1, description="Degrees of the polynomial kernel"
    )


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
    reliability_bins: int = Field(
        default=10, ge=2, description="Bins of the reliability picture and its error"
    )
    equivalence_margin: float = Field(
        default=0.02, gt=0, description="Differences within it count as equal"
    )
    confidence_level: float = Field(
        default=0.95, gt=0.5, lt=1, description="Level of the intervals of paired differences"
    )
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
