import numpy as np
from qiskit.quantum_info import Statevector

from hq_assets.problems.kernel_classification.construct_circuits import construct_circuits


def test_the_pair_circuit_returns_to_zero_with_the_overlap_of_its_two_rows(settings):
    (template,) = construct_circuits(None, settings())
    assert template.circuit_id == "zz_2q_linear_r1"
    assert list(template.parameters) == ["left[0]", "left[1]", "right[0]", "right[1]"]
    left, right = np.array([0.3, 1.1]), np.array([2.0, 0.7])
    pair = template.circuit.remove_final_measurements(inplace=False)
    bound = pair.assign_parameters(dict(zip(template.parameters, [*left, *right], strict=True)))
    states = [
        Statevector(
            template.overlap_circuit.assign_parameters(
                dict(zip(template.overlap_parameters, row, strict=True))
            )
        )
        for row in (left, right)
    ]
    overlap = abs(states[0].inner(states[1])) ** 2
    assert np.isclose(abs(Statevector(bound).data[0]) ** 2, overlap)
    assert 0.01 < overlap < 0.99
