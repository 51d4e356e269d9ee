"""The one circuit template of a fidelity kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_assets.problems.contract import CircuitTemplate
from hq_assets.quantum.feature_maps import feature_map, pair_circuit

if TYPE_CHECKING:
    from hq_assets.problems.contract import Encoded
    from hq_assets.problems.kernel_classification.settings import Settings


def construct_circuits(encoded: Encoded, settings: Settings) -> list[CircuitTemplate]:
    """Construct the pair circuit U(left) U(right)† and the feature map U(x) beside it.

    Args:
        encoded: Not read: the circuit depends on the settings alone.
        settings: The encoding.

    Returns:
        One template; its parameters are the left row's, then the right row's.
    """
    del encoded
    encoding = settings.encoding
    choice = (encoding.name, encoding.num_qubits, encoding.reps, encoding.entanglement)
    pair, overlap = pair_circuit(*choice), feature_map(*choice)
    return [
        CircuitTemplate(
            circuit_id=encoding.circuit_id,
            circuit=pair,
            parameters=[parameter.name for parameter in pair.parameters],
            overlap_circuit=overlap,
            overlap_parameters=[parameter.name for parameter in overlap.parameters],
        )
    ]
