"""Encodings as data contracts: range, clipping, dimension and qubit rules of each encoding.

The rules are plain data beside this module, readable without qiskit and numpy, so that a
workload file can be refused while definitions load. The circuits are in `feature_maps`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

Clipping = Literal["clip", "threshold", "normalize"]
_RULES_FILE = Path(__file__).with_name("encodings.json")


@dataclass(frozen=True)
class EncodingRule:
    """The data contract of one encoding.

    Attributes:
        name: Name in workload files.
        description: One sentence for people.
        low: Smallest value of a circuit parameter.
        high: Largest value of a circuit parameter.
        range_reason: Why this range.
        clipping: What happens to features outside: `clip` to the nearest bound, `threshold` at the
            middle of the range to one of its ends, `normalize` the row to norm 1.
        features: Dimension rule: `num_qubits` or `at_most_two_to_the_num_qubits`.
        parameters: Number of circuit parameters: `num_qubits` or `two_to_the_num_qubits_minus_one`.
        min_qubits: Fewest qubits.
        max_qubits: Most qubits.
        max_reason: Why not more.
        entanglement: Allowed entanglement patterns; empty where the encoding has none to choose.
        max_reps: Most repetitions.
    """

    name: str
    description: str
    low: float
    high: float
    range_reason: str
    clipping: Clipping
    features: str
    parameters: str
    min_qubits: int
    max_qubits: int
    max_reason: str
    entanglement: tuple[str, ...]
    max_reps: int

    def num_parameters(self, num_qubits: int) -> int:
        """Number of circuit parameters, which is the number of values of an encoded row."""
        return num_qubits if self.parameters == "num_qubits" else 2**num_qubits - 1

    def max_features(self, num_qubits: int) -> int:
        """Most features that `num_qubits` qubits can hold."""
        return num_qubits if self.features == "num_qubits" else 2**num_qubits


@cache
def _rules() -> dict[str, EncodingRule]:
    """All rules by name, read once."""
    body: dict[str, dict[str, Any]] = json.loads(_RULES_FILE.read_text("utf-8"))["encodings"]
    return {
        name: EncodingRule(name=name, **{**rule, "entanglement": tuple(rule["entanglement"])})
        for name, rule in body.items()
    }


def encoding_names() -> tuple[str, ...]:
    """Names of all encodings, in the order of the data file."""
    return tuple(_rules())


def encoding_rule(name: str) -> EncodingRule:
    """Return the data contract of an encoding.

    Raises:
        ValueError: The name is not known.
    """
    rules = _rules()
    if name not in rules:
        msg = f"Encoding {name!r} is not known. Use one of {', '.join(rules)}."
        raise ValueError(msg)
    return rules[name]


def check_encoding(
    name: str,
    num_qubits: int,
    num_features: int | None = None,
    entanglement: str | None = None,
    reps: int = 1,
) -> list[str]:
    """Say how a choice breaks the encoding's rules; an empty list means that it fits.

    Args:
        name: Name of the encoding.
        num_qubits: Number of qubits wanted.
        num_features: Number of features per row, or None where it is not known yet.
        entanglement: Entanglement pattern, or None where none was chosen.
        reps: Number of repetitions of the map.

    Returns:
        One message per broken rule, each saying what was given and what is allowed.
    """
    try:
        rule = encoding_rule(name)
    except ValueError as error:
        return [str(error)]
    return [
        *_check_qubits(rule, num_qubits),
        *_check_features(rule, num_qubits, num_features),
        *_check_entanglement(rule, entanglement),
        *_check_reps(rule, reps),
    ]


def _check_qubits(rule: EncodingRule, num_qubits: int) -> list[str]:
    if rule.min_qubits <= num_qubits <= rule.max_qubits:
        return []
    return [
        f"Encoding {rule.name!r} was given {num_qubits} qubits, but takes {rule.min_qubits} to "
        f"{rule.max_qubits} ({rule.max_reason}). Change the number of qubits or the encoding."
    ]


def _check_features(rule: EncodingRule, num_qubits: int, num_features: int | None) -> list[str]:
    if num_features is None or num_qubits < 1 or num_qubits > rule.max_qubits:
        return []
    if rule.features == "num_qubits":
        fits, allowed = num_features == num_qubits, f"exactly {num_qubits}"
    else:
        fits = 1 <= num_features <= rule.max_features(num_qubits)
        allowed = f"1 to {rule.max_features(num_qubits)}"
    if fits:
        return []
    return [
        f"Encoding {rule.name!r} on {num_qubits} qubits was given {num_features} features, but "
        f"takes {allowed}. Change the number of features or qubits."
    ]


def _check_entanglement(rule: EncodingRule, entanglement: str | None) -> list[str]:
    if rule.entanglement and entanglement not in rule.entanglement:
        allowed = f"one of {', '.join(rule.entanglement)}"
    elif not rule.entanglement and entanglement is not None:
        allowed = "none, because its gates are fixed"
    else:
        return []
    return [f"Encoding {rule.name!r} was given entanglement {entanglement!r}, but takes {allowed}."]


def _check_reps(rule: EncodingRule, reps: int) -> list[str]:
    if 1 <= reps <= rule.max_reps:
        return []
    allowed = "1" if rule.max_reps == 1 else f"1 to {rule.max_reps}"
    return [f"Encoding {rule.name!r} was given {reps} reps, but takes {allowed}."]


def clip_features(name: str, features: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Bring features into what the encoding takes.

    Args:
        name: Name of the encoding.
        features: Finite values of shape (rows, features), float.

    Returns:
        The features of shape (rows, features), and a boolean array of the same shape that marks the
        values that changed by more than rounding (1e-12).

    Raises:
        ValueError: The array has another shape, or a value is not finite.
        ValueError: The encoding normalizes, and a row is zero.
    """
    import numpy as np

    rule = encoding_rule(name)
    given = np.asarray(features, dtype=np.float64)
    if given.ndim != 2 or not np.isfinite(given).all():  # noqa: PLR2004 - rows and features
        msg = (
            f"Features of shape {given.shape} need two axes and finite values. "
            "Clean the rows before encoding them."
        )
        raise ValueError(msg)
    if rule.clipping == "clip":
        clipped = np.clip(given, rule.low, rule.high)
    elif rule.clipping == "threshold":
        clipped = np.where(given >= (rule.low + rule.high) / 2, rule.high, rule.low)
    else:
        clipped = _unit_rows(given)
    return clipped, np.abs(clipped - given) > 1e-12  # noqa: PLR2004 - rounding, see docstring


def _unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to norm 1; scaled by the largest entry first, so that squares cannot overflow."""
    import numpy as np

    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    zero = np.flatnonzero(largest == 0)
    if zero.size:
        msg = f"Row {zero[0]} is all zero and has no direction to encode. Drop it while cleaning."
        raise ValueError(msg)
    scaled = rows / largest
    return scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
