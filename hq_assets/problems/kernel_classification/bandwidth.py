"""The choice of a kernel's bandwidth from training rows alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_assets.classical.kernel_classifier import choose_c

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from hq_assets.problems.kernel_classification.settings_sections import Classifier, Encoding


def choose_bandwidth(
    candidates: Mapping[float, np.ndarray],
    positive: np.ndarray,
    encoding: Encoding,
    classifier: Classifier,
) -> tuple[float, dict[str, Any]]:
    """Choose the share of the range by cross-validation on training rows (arXiv:2111.05451).

    The kernels are computed classically from the states. Of all shares within one standard error of
    the best the largest is taken: its kernel is spread widest, so that shot noise hides least.

    Args:
        candidates: Share → circuit parameters of the training rows, shape (rows, parameters).
        positive: Class per row, bool.
        encoding: The feature map.
        classifier: Grid of C and number of folds.

    Returns:
        The share, and for people the scores of all.
    """
    from hq_assets.quantum.feature_maps import feature_map
    from hq_assets.quantum.overlaps import kernel_matrix, states

    circuit = feature_map(encoding.name, encoding.num_qubits, encoding.reps, encoding.entanglement)
    names = [parameter.name for parameter in circuit.parameters]
    scores = {}
    for share, values in candidates.items():
        kernel = kernel_matrix(states(circuit, values, names))
        scores[share] = choose_c(kernel, positive, classifier.c_grid, classifier.folds).result
    best = max(scores.values(), key=lambda choice: choice.score)
    eligible = [s for s, choice in scores.items() if choice.score >= best.score - best.error]
    chosen = max(eligible)
    report = {
        "rule": "largest share within one standard error of the best",
        "score": "balanced accuracy, cross-validated on training rows, exact kernels",
        "scores": {str(share): choice.score for share, choice in scores.items()},
        "standard_error_of_best": best.error,
        "share": chosen,
    }
    return chosen, report
