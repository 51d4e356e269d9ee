"""The problem section of a collection of circuits: limits, measurement rule, acceptance rule."""

from typing import Literal, Self

from pydantic import Field, model_validator

from hq_assets.problems.contract import KindSettings

METRICS = (
    "mean_fidelity",
    "min_fidelity",
    "mean_relative_fidelity",
    "mean_distance",
    "mean_fidelity_spread_over_seeds",
)
"""Comparisons with the ideal distributions that a charter may name."""


class Settings(KindSettings):
    """What is read, what is refused, and when a measured distribution is accepted."""

    folder: str = Field(
        default="data",
        description="Folder of the files; it is left out of their names in every row",
    )
    parameter_table: str = Field(
        default="parameters.csv",
        description=(
            "File with a column `file` and one column per parameter; one line per parameter row"
        ),
    )
    ignore: tuple[str, ...] = Field(
        default=("*.md", "*.txt", "LICENSE*", ".*"),
        description="Patterns of file names that are no circuits and are skipped without a row",
    )
    max_file_bytes: int = Field(
        default=1_048_576, ge=1, description="Larger circuit files are refused unread"
    )
    max_table_bytes: int = Field(
        default=16_777_216, ge=1, description="A larger parameter table is refused unread"
    )
    max_qubits: int = Field(default=128, ge=1, description="Wider circuits are refused")
    max_clbits: int = Field(
        default=4_096, ge=1, description="Circuits with more classical bits are refused"
    )
    max_operations: int = Field(
        default=200_000,
        ge=1,
        description=(
            "Circuits with more operations, gate definitions and loops expanded, are refused"
        ),
    )
    parse_cpu_seconds: int = Field(
        default=30, ge=1, le=3_600, description="CPU time after which reading one file is given up"
    )
    parse_memory_bytes: int = Field(
        default=3_221_225_472,
        ge=1_610_612_736,
        description=(
            "Address space of the process that reads the files; the libraries alone take 1.2 GiB"
        ),
    )
    without_measurement: Literal["measure_all", "refuse"] = Field(
        default="measure_all",
        description=(
            "`measure_all` adds a final measurement of every qubit and says so; `refuse` refuses"
        ),
    )
    mid_circuit: Literal["allow", "refuse"] = Field(
        default="allow",
        description=(
            "Resets, control flow and measurements that are followed by more work on the qubit"
        ),
    )
    max_outcomes: int = Field(
        default=65_536,
        ge=2,
        description=(
            "Outcomes kept per distribution, most probable first; the others are summed as `rest`"
        ),
    )
    reference_max_qubits: int = Field(
        default=16,
        ge=0,
        le=24,
        description="Widest circuit whose ideal distribution is computed as a state vector",
    )
    reference_max_clifford_outcomes: int = Field(
        default=1_024,
        ge=1,
        description=(
            "Wider Clifford circuits have a reference when they have at most this many outcomes"
        ),
    )
    accept_fidelity: float = Field(
        default=0.9,
        gt=0.0,
        le=1.0,
        description=(
            "Least Hellinger fidelity, relative to what a perfect backend reaches with these shots"
        ),
    )
    bootstrap_samples: int = Field(
        default=200, ge=20, le=10_000, description="Resamples behind each interval"
    )
    interval_level: float = Field(
        default=0.95, gt=0.0, lt=1.0, description="Level of the intervals"
    )

    def decision_facts(self) -> dict[str, object]:
        """Least relative fidelity of an accepted distribution; nothing is calibrated."""
        return {"decision_threshold": {"relative_fidelity": self.accept_fidelity}}

    def metric_names(self) -> tuple[str, ...]:
        """Comparisons with the ideal distributions."""
        return METRICS

    @model_validator(mode="after")
    def _references_fit(self) -> Self:
        """A reference with outcomes cut off cannot be compared with.

        Raises:
            ValueError: The widest reference has more outcomes than are kept.
        """
        if 2**self.reference_max_qubits > self.max_outcomes:
            message = (
                f"reference_max_qubits {self.reference_max_qubits} needs max_outcomes of at least "
                f"{2**self.reference_max_qubits}, given {self.max_outcomes}; change one of them"
            )
            raise ValueError(message)
        return self
