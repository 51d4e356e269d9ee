"""Noise models of a named device, pruned to what a circuit uses, against the full one (P5)."""

import numpy as np
import pytest
from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.circuit.library import zz_feature_map
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from resources.backends.aer_noise_model import PrunedNoise
from resources.backends.aer_simulation import Simulation, derived_seed, row_blocks

pytestmark = pytest.mark.benchmark

SHOTS, SEED = 1024, 11


@pytest.fixture(scope="module")
def torino():
    from qiskit_ibm_runtime.fake_provider import FakeTorino

    return FakeTorino()


def _bound_pair_circuit(num_qubits, entanglement, device):
    """U(left) U†(right) of a ZZ feature map at random values, compiled for the device."""
    values = np.random.default_rng(3).uniform(0, 2 * np.pi, (2, num_qubits))
    feature_map = zz_feature_map(num_qubits, reps=2, entanglement=entanglement)
    circuit = QuantumCircuit(num_qubits)
    circuit.compose(feature_map.assign_parameters(values[0]), inplace=True)
    circuit.compose(feature_map.assign_parameters(values[1]).inverse(), inplace=True)
    circuit.measure_all()
    manager = generate_preset_pass_manager(1, target=device.target, seed_transpiler=1)
    return manager.run(circuit)


@pytest.mark.parametrize(
    ("num_qubits", "entanglement", "goal"), [(4, "linear", 80), (8, "full", 6)]
)
def test_a_pruned_noise_model_gives_the_same_counts_much_faster(
    measure, torino, num_qubits, entanglement, goal
):
    circuit = _bound_pair_circuit(num_qubits, entanglement, torino)

    def pruned():
        noise = PrunedNoise(torino.target).model_for(circuit)
        simulation = Simulation(circuit, "density_matrix", lambda: None, noise)
        return dict(next(simulation.counts(row_blocks(np.empty((1, 0))), SHOTS, SEED, 0)))

    def full():
        simulator = AerSimulator(
            method="density_matrix", noise_model=NoiseModel.from_backend(torino)
        )
        job = simulator.run(circuit, shots=SHOTS, seed_simulator=derived_seed(SEED, 0, 0))
        return job.result().results[0].data.counts

    assert pruned() == full()
    taken = measure.seconds({"ours": pruned, "peer": full}, {"ours": 9, "peer": 5})
    name = (
        f"noise model + run, {num_qubits} qubits {entanglement} on fake_torino, "
        "against from_backend"
    )
    ratio = measure.record("P5", name, (">=", goal), taken["ours"], taken["peer"])
    assert ratio >= goal
