import pytest
from qiskit_aer import AerSimulator

from hq_assets.quantum.simulator_target import ideal_simulator_target


@pytest.mark.parametrize("method", ["statevector", "density_matrix", "matrix_product_state"])
def test_every_gate_of_the_target_runs_on_every_method(method):
    offered = set(AerSimulator(method=method).target.operation_names)
    control_flow = {"if_else", "for_loop", "while_loop", "switch_case"}
    target = ideal_simulator_target(5)
    assert set(target.operation_names) - control_flow <= offered
    assert control_flow <= set(AerSimulator().target.operation_names)
    assert target.num_qubits == 5
