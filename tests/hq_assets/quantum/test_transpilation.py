import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Statevector
from qiskit.transpiler import Target

from hq_assets.quantum import transpilation
from hq_assets.quantum.feature_maps import feature_map, pair_circuit
from hq_assets.quantum.simulation_method import is_clifford
from hq_assets.quantum.simulator_target import ideal_simulator_target
from hq_assets.quantum.transpilation import compile_circuits


@pytest.fixture
def line_target():
    """Four qubits in a line with rz, sx, x, cz; no reset and no control flow."""
    gates = get_standard_gate_name_mapping()
    target = Target(num_qubits=4)
    for name in ("rz", "sx", "x", "measure"):
        target.add_instruction(gates[name], {(q,): None for q in range(4)})
    edges = [(0, 1), (1, 2), (2, 3)]
    target.add_instruction(gates["cz"], dict.fromkeys(edges))
    return target


def test_one_bad_circuit_never_stops_the_others(line_target):
    good, wide, opaque, control = (QuantumCircuit(n, 1) for n in (2, 9, 1, 2))
    good.h(0)
    good.cx(0, 1)
    opaque.append(Gate("mystery", 1, []), [0])
    control.measure(0, 0)
    with control.if_test((control.clbits[0], 1)):
        control.x(1)
    outcomes = compile_circuits([wide, opaque, control, good], line_target, 1, seed=0)
    assert [outcome.status for outcome in outcomes] == ["unsupported"] * 3 + ["ok"]
    assert "9 qubits, but the target has 4" in outcomes[0].reason
    assert "mystery" in outcomes[1].reason
    assert "if_else" in outcomes[2].reason
    assert all(outcome.circuit is None for outcome in outcomes[:3])
    assert outcomes[3].reason is None


def test_a_parameterized_circuit_stays_parameterized_and_obeys_the_target(line_target):
    circuit = pair_circuit("zz", 4, 1, "full")
    (outcome,) = compile_circuits([circuit], line_target, 1, seed=3)
    assert [p.name for p in outcome.circuit.parameters] == [p.name for p in circuit.parameters]
    names = set(line_target.operation_names)
    allowed = {(n, q) for n in names for q in line_target.qargs_for_operation_name(n)}
    assert set(outcome.operations_used) <= allowed
    assert outcome.compiled.two_qubit_gates >= outcome.abstract.two_qubit_gates
    assert sorted(outcome.layout) == [0, 1, 2, 3]
    assert sorted(outcome.final_layout) == [0, 1, 2, 3]


def test_the_compiled_circuit_means_the_same(line_target):
    circuit = feature_map("zz", 3, 2, "full")
    values = [0.3, 1.7, 5.1]
    (outcome,) = compile_circuits([circuit], line_target, 1, seed=3)
    state = Statevector(outcome.circuit.assign_parameters(values)).data.reshape([2] * 4)
    # Axis 0 of the reshaped state is the highest qubit.
    logical = [3 - outcome.final_layout[q] for q in (2, 1, 0)]
    rest = ({0, 1, 2, 3} - set(logical)).pop()
    found = state.transpose([rest, *logical])[0].reshape(-1)
    expected = Statevector(circuit.assign_parameters(values)).data
    assert abs(np.vdot(found, expected)) == pytest.approx(1.0, abs=1e-9)


def test_a_kept_pass_manager_gives_the_same_circuit_whatever_it_compiled_before(line_target):
    circuit, other = feature_map("zz", 4, 2, "full"), feature_map("iqp", 3, 1, "full")
    (first,) = compile_circuits([circuit], line_target, 1, seed=5)
    outcomes = compile_circuits([other, circuit, other, circuit], line_target, 1, seed=5)
    assert outcomes[1].circuit == first.circuit == outcomes[3].circuit
    assert outcomes[1].layout == first.layout


def test_the_pass_manager_is_built_once_per_target_content_level_and_seed():
    transpilation._pass_manager.cache_clear()
    circuit = feature_map("angle", 2)
    for target, level, seed in [
        (ideal_simulator_target(3), 1, 0),
        (ideal_simulator_target.__wrapped__(3), 1, 0),
        (ideal_simulator_target(4), 1, 0),
        (ideal_simulator_target(3), 0, 0),
        (ideal_simulator_target(3), 1, 1),
    ]:
        compile_circuits([circuit], target, level, seed)
    assert transpilation._pass_manager.cache_info().misses == 4


def test_a_changed_error_rate_is_another_target(line_target):
    from qiskit.transpiler import InstructionProperties

    before = transpilation._target_key(line_target)
    line_target.update_instruction_properties("cz", (0, 1), InstructionProperties(error=0.01))
    assert transpilation._target_key(line_target) != before


def test_the_ideal_simulator_keeps_qubits_gates_and_measurements_of_a_pair_circuit():
    circuit = pair_circuit("zz", 4, 2, "linear")
    (outcome,) = compile_circuits([circuit], ideal_simulator_target(4), 1, seed=0)
    assert outcome.compiled.num_qubits == 4
    assert outcome.circuit.count_ops()["measure"] == 4
    assert [register.name for register in outcome.circuit.cregs] == ["meas"]
    assert outcome.compiled.two_qubit_gates <= outcome.abstract.two_qubit_gates


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_a_clifford_circuit_of_100_qubits_stays_clifford_on_the_simulator(level):
    circuit = QuantumCircuit(100)
    for qubit in range(99):
        circuit.h(qubit)
        circuit.s(qubit)
        circuit.sx(qubit)
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    (outcome,) = compile_circuits([circuit], ideal_simulator_target(100), level, seed=0)
    assert outcome.status == "ok"
    assert is_clifford(outcome.circuit)


def test_an_unexpected_fault_of_the_program_is_not_hidden(line_target):
    with pytest.raises(AttributeError):
        compile_circuits(["not a circuit"], line_target, 1, seed=0)
