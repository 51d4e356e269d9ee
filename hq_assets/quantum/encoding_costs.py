"""What encodings cost in qubits, depth and gates, and a choice that explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hq_assets.quantum.circuit_figures import circuit_figures
from hq_assets.quantum.encodings import check_encoding, encoding_names, encoding_rule
from hq_assets.quantum.feature_maps import feature_map, pair_circuit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.quantum.circuit_figures import CircuitFigures

FeatureKind = Literal["bits", "direction", "values"]


@dataclass(frozen=True)
class EncodingCost:
    """What one encoding costs for a number of features.

    Attributes:
        encoding: Name of the encoding.
        num_features: Features per row.
        num_qubits: Fewest qubits that hold them.
        num_parameters: Values of an encoded row.
        map_figures: Figures of U(x).
        pair_figures: Figures of the fidelity circuit of two rows.
    """

    encoding: str
    num_features: int
    num_qubits: int
    num_parameters: int
    map_figures: CircuitFigures
    pair_figures: CircuitFigures


@dataclass(frozen=True)
class EncodingChoice:
    """An encoding and why."""

    encoding: str
    reason: str


def qubits_needed(encoding: str, num_features: int) -> int:
    """Fewest qubits that hold the features, not less than the encoding's own minimum.

    Raises:
        ValueError: The encoding is not known.
    """
    rule = encoding_rule(encoding)
    if rule.features == "num_qubits":
        return max(rule.min_qubits, num_features)
    return max(rule.min_qubits, (num_features - 1).bit_length())


def encoding_cost(
    encoding: str, num_features: int, reps: int = 1, entanglement: str | None = None
) -> EncodingCost:
    """Construct the circuits of an encoding and count them.

    Raises:
        ValueError: The choice breaks a rule of the encoding.
    """
    num_qubits = qubits_needed(encoding, num_features)
    messages = check_encoding(encoding, num_qubits, num_features, entanglement, reps)
    if messages:
        raise ValueError(" ".join(messages))
    return EncodingCost(
        encoding=encoding,
        num_features=num_features,
        num_qubits=num_qubits,
        num_parameters=encoding_rule(encoding).num_parameters(num_qubits),
        map_figures=circuit_figures(feature_map(encoding, num_qubits, reps, entanglement)),
        pair_figures=circuit_figures(pair_circuit(encoding, num_qubits, reps, entanglement)),
    )


def encoding_costs(
    num_features: int, reps: int = 1, entanglement: str = "linear"
) -> list[EncodingCost]:
    """Costs of all encodings that can hold the features, in the order of the data file.

    Args:
        num_features: Features per row.
        reps: Repetitions, for encodings that repeat.
        entanglement: Pattern of entangled pairs, for encodings that have one.
    """
    costs: list[EncodingCost] = []
    for name in encoding_names():
        rule = encoding_rule(name)
        pattern = entanglement if rule.entanglement else None
        repeated = min(reps, rule.max_reps)
        num_qubits = qubits_needed(name, num_features)
        if not check_encoding(name, num_qubits, num_features, pattern, repeated):
            costs.append(encoding_cost(name, num_features, repeated, pattern))
    return costs


def choose_encoding(
    num_features: int,
    kind: FeatureKind,
    max_qubits: int,
    max_two_qubit_gates: int,
    costs: Sequence[EncodingCost] | None = None,
) -> EncodingChoice:
    """Choose the richest encoding whose pair circuit stays within the limits.

    Bits go to `basis` and directions (rows whose length says nothing) to `amplitude`. Values go to
    the first of `zz`, `iqp`, `angle` that fits: the entangled maps have kernels that are hard to
    compute classically in general (arXiv:1804.11326), the product map has a closed form.

    Args:
        num_features: Features per row.
        kind: What the features are.
        max_qubits: Qubits that may be used.
        max_two_qubit_gates: Two-qubit gates that a pair circuit may have before compilation.
        costs: Costs to choose from; those of one repetition, linear entanglement if None.

    Raises:
        ValueError: No encoding fits.
    """
    wanted = {"bits": ("basis",), "direction": ("amplitude",), "values": ("zz", "iqp", "angle")}
    table = {cost.encoding: cost for cost in costs or encoding_costs(num_features)}
    refused: list[str] = []
    for name in wanted[kind]:
        if name not in table:
            refused.append(f"{name} cannot hold {num_features} features")
            continue
        cost = table[name]
        gates = cost.pair_figures.two_qubit_gates
        needs = f"{name} needs {cost.num_qubits} qubits and {gates} two-qubit gates per pair"
        if cost.num_qubits <= max_qubits and gates <= max_two_qubit_gates:
            because = f"; {'; '.join(refused)}" if refused else ""
            return EncodingChoice(name, f"For {kind}, {needs}{because}.")
        refused.append(f"{needs}, above {max_qubits} or {max_two_qubit_gates}")
    msg = f"No encoding fits: {'; '.join(refused)}. Use fewer features or allow more."
    raise ValueError(msg)
