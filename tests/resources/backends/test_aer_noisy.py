"""The simulated device: the pruned noise model against the full one, calibration, refusals."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from resources.backends.aer_noise_model import PrunedNoise
from resources.backends.aer_simulation import Simulation, derived_seed, row_blocks
from resources.backends.contract import BackendError
from resources.backends.registry import build_backend, settings_from


@pytest.fixture(scope="module")
def device():
    from qiskit_ibm_runtime.fake_provider import FakeManilaV2

    return FakeManilaV2()


@pytest.fixture(scope="module")
def full_model(device):
    return NoiseModel.from_backend(device)


def _circuit(kind):
    """Three qubits, a measured one in the middle, and one thing of the kind."""
    middle, out = ClassicalRegister(1, "m"), ClassicalRegister(2, "out")
    circuit = QuantumCircuit(QuantumRegister(3), middle, out)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure(0, middle[0])
    if kind == "reset":
        circuit.reset(0)
        circuit.sx(0)
    elif kind == "delay":
        circuit.delay(20_000, 1, "ns")
    elif kind == "if_else":
        with circuit.if_test((middle, 1)):
            circuit.x(2)
            circuit.cx(1, 2)
    elif kind == "for_loop":
        with circuit.for_loop(range(5)):
            circuit.cx(1, 2)
    elif kind == "switch":
        with circuit.switch(middle) as case:
            with case(1):
                circuit.cx(1, 2)
            with case(case.DEFAULT):
                circuit.sx(2)
    circuit.measure([1, 2], out)
    return circuit


@pytest.mark.parametrize("method", ["density_matrix", "statevector"])
@pytest.mark.parametrize("kind", ["plain", "reset", "delay", "if_else", "for_loop", "switch"])
def test_counts_are_identical_to_those_of_the_full_noise_model(device, full_model, kind, method):
    from qiskit import generate_preset_pass_manager

    manager = generate_preset_pass_manager(
        1, target=device.target, seed_transpiler=1, initial_layout=[4, 3, 2]
    )
    isa = manager.run(_circuit(kind))
    noise = PrunedNoise(device.target)
    delays = noise.delays()
    prepared = delays.run(isa) if kind == "delay" else isa
    simulation = Simulation(prepared, method, lambda: None, noise.model_for(isa))
    ours = next(simulation.counts(row_blocks(np.empty((1, 0))), 400, 5, 0))
    simulator = AerSimulator(method=method, noise_model=full_model)
    job = simulator.run(isa, shots=400, seed_simulator=derived_seed(5, 0, 0))
    assert dict(ours) == job.result().results[0].data.counts
    ideal = Simulation(isa, method, lambda: None)
    assert dict(next(ideal.counts(row_blocks(np.empty((1, 0))), 400, 5, 0))) != dict(ours)


def test_the_pruned_model_holds_what_the_circuit_uses_and_no_more(device):
    circuit = QuantumCircuit(5, 1)
    circuit.sx(2)
    circuit.cx(2, 3)
    circuit.measure(2, 0)
    model = PrunedNoise(device.target).model_for(circuit)
    assert sorted(model.noise_qubits) == [2, 3]
    assert set(model.noise_instructions) == {"sx", "cx", "measure"}


def test_readout_errors_appear_at_the_calibrated_rate(manila):
    """Six standard deviations of 40,000 shots: a false alarm in 10^8."""
    circuit = QuantumCircuit(5, 5)
    circuit.measure(range(5), range(5))
    result = manila.run(manila.pub(circuit, compiled=True, shots=40_000))
    qubits = manila.backend.calibration().qubits
    for qubit in range(5):
        ones = sum(
            count for bits, count in manila.counts(result).items() if bits[::-1][qubit] == "1"
        )
        rate = qubits[str(qubit)]["readout_error"]
        assert rate > 0.005
        assert abs(ones - rate * 40_000) < 6 * np.sqrt(rate * (1 - rate) * 40_000)


def test_the_calibration_holds_the_devices_numbers_in_their_units(manila, device):
    snapshot = manila.backend.calibration()
    assert snapshot.qubits["2"]["t1_us"] == pytest.approx(device.properties().t1(2) * 1e6)
    assert snapshot.qubits["2"]["t2_us"] == pytest.approx(device.properties().t2(2) * 1e6)
    error = device.properties().gate_error("cx", [0, 1])
    assert snapshot.edges["cx:0_1"]["error"] == pytest.approx(error)
    length = device.properties().gate_length("cx", [0, 1]) * 1e9
    assert snapshot.edges["cx:0_1"]["duration_ns"] == pytest.approx(length)
    assert snapshot.taken_at == device.properties().last_update_date.isoformat()
    assert len(snapshot.calibration_id) == 64


def test_four_qubits_of_a_wide_device_run_as_a_density_matrix(bench_for):
    bench = bench_for("torino", {"kind": "noisy_aer", "device": "fake_torino"})
    circuit = QuantumCircuit(4)
    circuit.ry(Parameter("a"), 0)
    for qubit in range(3):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    result = bench.run(bench.pub(circuit, shots=500, values=[[0.0], [np.pi]]))
    assert result.pubs[0].simulation_method == "density_matrix"
    assert bench.counts(result, execution=0)["0000"] > 350
    assert bench.counts(result, execution=1)["1111"] > 350
    assert result.metadata["calibration_id"] == bench.backend.calibration().calibration_id


@pytest.mark.parametrize(("operation", "method"), [("sample", "exact"), ("overlaps", "binomial")])
def test_only_sampling_is_offered(manila, operation, method):
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    pub = manila.pub(circuit, operation=operation)
    with pytest.raises(BackendError, match="choose operation sample") as refused:
        manila.backend.submit(manila.request(pub, method=method), "key")
    assert refused.value.error_class == "structural"
    assert not manila.backend.limits().offers_overlaps


def test_classical_control_that_the_device_lacks_is_refused(bench_for):
    bench = bench_for("almaden", {"kind": "noisy_aer", "device": "fake_almaden"})
    circuit = QuantumCircuit(20, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.append(bench.backend.target().operation_from_name("id"), [0])
    assert not bench.backend.limits().supports_control_flow
    with pytest.raises(BackendError, match="classical control `if_else`") as refused:
        bench.backend.submit(bench.request(bench.pub(circuit, compiled=True)), "key")
    assert refused.value.error_class == "structural"


def test_backends_of_different_devices_have_different_fingerprints(place):
    def fingerprint(device):
        settings = settings_from({"kind": "noisy_aer", "device": device})
        return build_backend("b", settings, place).target_fingerprint()

    ideal = build_backend("b", settings_from({"kind": "ideal_aer"}), place).target_fingerprint()
    assert len({fingerprint("fake_manila"), fingerprint("fake_bogota"), ideal}) == 3
    assert fingerprint("fake_manila") == fingerprint("fake_manila")
