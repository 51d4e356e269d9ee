"""From components of a row to the parameter values of the feature map's circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hq_assets.problems.kernel_classification.settings_sections import Encoding


def circuit_values(encoding: Encoding, components: np.ndarray) -> np.ndarray:
    """Turn components into circuit parameters, in the order of the circuit.

    Args:
        encoding: The encoding; `basis` decides each component at the middle of its range, `amplitude`
            takes the row as a vector, and all others take the components as they are.
        components: Shape (rows, components), inside the encoding's range.

    Returns:
        Shape (rows, parameters), float64.

    Raises:
        ValueError: A row is all zero and the encoding normalizes it.
    """
    from hq_assets.quantum.encodings import clip_features
    from hq_assets.quantum.feature_maps import amplitude_angles

    if encoding.name == "amplitude":
        return amplitude_angles(components, encoding.num_qubits)
    if encoding.name == "basis":
        low, high = encoding.bounds
        return clip_features(encoding.name, (components - low) / (high - low))[0]
    return components
