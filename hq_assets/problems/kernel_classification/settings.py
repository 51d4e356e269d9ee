"""The validated problem section of a kernel-classification workload (imports nothing heavy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hq_assets.problems.contract import KindSettings
from hq_assets.problems.kernel_classification.settings_sections import (
    BaselineRule,
    Classifier,
    DecisionRule,
    Encoding,
    Feature,
    MissingRule,
    OutlierRule,
    expand_feature,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESERVED_COLUMNS = (
    "record_id", "seed", "split", "label", "status", "reason", "source_file", "source_line",
    "schema_version", "row", "text",
)  # fmt: skip
"""Names that the tables of this kind use themselves, so no feature may have them."""

METRICS = (
    "accuracy", "balanced_accuracy", "roc_auc", "brier", "log_loss", "expected_calibration_error",
    "accuracy_when_decided", "abstention_rate", "coverage",
)  # fmt: skip
"""Qualities of the decisions that a charter may name, each the mean over the seeds."""

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

    id_column: str = Field(description="Column that names each record")
    label_column: str = Field(description="Column of the class")
    positive_label: str = Field(description="Value of the class that is looked for")
    negative_label: str = Field(description="Value of the other class")
    features: dict[str, Annotated[Feature, BeforeValidator(expand_feature)]] = Field(
        min_length=1,
        description="Numeric columns by name; a bare word is the drift mark, `alcohol: fixed`",
    )
    missing: MissingRule = Field(
        default=MissingRule(), description="Values that are absent, NaN or infinite"
    )
    outliers: OutlierRule = Field(
        default=OutlierRule(),
        description="Values are clipped to `q_low - m * spread` and `q_high + m * spread` (Tukey)",
    )
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
    train_rows: int = Field(ge=4, description="Rows that models are fitted on, per seed")
    test_rows: int | Literal["rest"] = Field(
        description="Number, or all rows that are not for training"
    )
    selected_features: int | None = Field(
        default=None, ge=1, description="Best features by ANOVA F on training rows; all if absent"
    )
    encoding: Encoding = Field(description="How components become parameters of the circuit")
    classifier: Classifier = Field(
        default=Classifier(), description="The support vector machine on the quantum kernel"
    )
    baselines: BaselineRule = Field(
        default=BaselineRule(), description="Classical methods on the same splits, tuned"
    )
    decision: DecisionRule = Field(
        default=DecisionRule(), description="From calibrated probability to outcome"
    )

    def required_columns(self) -> tuple[str, ...]:
        """Id, features and label, in that order."""
        return (self.id_column, *self.features, self.label_column)

    def data_contract(self) -> dict[str, object]:
        """Columns, classes, encoding range and which features may drift."""
        return {
            "value_columns": tuple(self.features),
            "label_column": "label",
            "label_values": (self.negative_label, self.positive_label),
            "encoding_range": self.encoding.bounds,
            "feature_contract": {name: feature.drift for name, feature in self.features.items()},
            "one_row_per_record": True,
            "drift_false_alarm_rate": self.decision.drift_false_alarm_rate,
        }

    def decision_facts(self) -> dict[str, object]:
        """Threshold, band of abstention and where an action begins; Platt scaling as calibrator."""
        rule = self.decision
        return {
            "decision_threshold": {
                "probability": rule.threshold,
                "abstain_between": list(rule.abstain_between),
                "action_from": rule.action_from,
            },
            "calibrator": {
                "name": "Platt scaling",
                "fitted_on": "out-of-fold margins of training rows",
                "folds": self.classifier.folds,
            },
        }

    def metric_names(self) -> tuple[str, ...]:
        """Qualities on the labelled test rows."""
        return METRICS

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
