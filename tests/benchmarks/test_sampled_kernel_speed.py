"""The shot noise of an ideal kernel by its distribution, against sampling pair circuits (P3)."""

import numpy as np
import pytest
from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import zz_feature_map
from scipy.stats import ks_2samp

from hq_assets.quantum.simulator_target import ideal_simulator_target
from resources.backends.aer_settings import IdealAerSettings
from resources.backends.contract import BackendPlace, ExecutionRequest, Pub
from resources.backends.payloads import put_array, put_circuit
from resources.backends.registry import build_backend
from resources.store.blobs import BlobStore
from resources.store.place import Place

pytestmark = pytest.mark.benchmark

QUBITS, ROWS, SHOTS, PEER_ROWS = 8, 200, 1024, 12


@pytest.fixture
def place(tmp_path):
    return BackendPlace(blobs=BlobStore(Place(tmp_path / "store")), spool=tmp_path / "spool")


@pytest.fixture
def values():
    return np.random.default_rng(7).uniform(0, 2 * np.pi, (ROWS, QUBITS))


def _feature_map():
    return zz_feature_map(QUBITS, reps=2, entanglement="full")


def _pair_circuit():
    left, right = ParameterVector("left", QUBITS), ParameterVector("right", QUBITS)
    circuit = QuantumCircuit(QUBITS)
    circuit.compose(_feature_map().assign_parameters(left), inplace=True)
    circuit.compose(_feature_map().assign_parameters(right).inverse(), inplace=True)
    circuit.measure_all()
    return circuit


def _execution(place, circuit, values, pairs, **fields):
    """A function that executes one pub on the ideal backend and returns its all-zero counts."""
    backend = build_backend("ideal", IdealAerSettings(), place)
    isa = generate_preset_pass_manager(1, target=ideal_simulator_target(128)).run(circuit)
    pub = Pub(
        circuit_id="kernel",
        seed=0,
        operation=fields.pop("operation"),
        circuit_ref=put_circuit(place.blobs, isa),
        compiled_fingerprint="f" * 64,
        num_parameters=isa.num_parameters,
        parameters_ref=put_array(place.blobs, values),
        rows=len(values),
        pairs_ref=put_array(place.blobs, pairs),
        num_pairs=len(pairs),
        shots=SHOTS,
    )
    request = ExecutionRequest(
        workload="w",
        backend="ideal",
        target_fingerprint=backend.target_fingerprint(),
        seed_simulator=5,
        pubs=(pub,),
        **fields,
    )

    def execute():
        frame, _ = backend.execute_pub(request, 0, lambda: None)
        return frame["count"].to_numpy()[::2]

    return execute


def _all_pairs(rows):
    return np.argwhere(np.tri(rows, k=-1, dtype=bool)).astype(np.int64)


def test_binomial_kernel_rows_are_5000_times_faster_than_sampling_pairs(measure, place, values):
    kernels = pytest.importorskip("qiskit_machine_learning.kernels")
    from qiskit_aer import AerSimulator
    from qiskit_aer.primitives import SamplerV2
    from qiskit_machine_learning.state_fidelities import ComputeUncompute

    pairs = _all_pairs(ROWS)
    ours = _execution(place, _feature_map(), values, pairs, operation="overlaps", method="binomial")
    sampler = SamplerV2(seed=1, default_shots=SHOTS)
    manager = generate_preset_pass_manager(1, backend=AerSimulator())
    fidelity = ComputeUncompute(sampler, pass_manager=manager)
    peer = kernels.FidelityQuantumKernel(feature_map=_feature_map(), fidelity=fidelity)

    peer_kernel = peer.evaluate(values[:PEER_ROWS])
    ours_kernel = ours()[: PEER_ROWS * (PEER_ROWS - 1) // 2] / SHOTS
    peer_entries = peer_kernel[tuple(_all_pairs(PEER_ROWS).T)]
    assert np.abs(ours_kernel - peer_entries).max() < 6 * np.sqrt(2 * 0.25 / SHOTS)

    taken = measure.seconds(
        {"ours": ours, "peer": lambda: peer.evaluate(values[:PEER_ROWS])}, {"ours": 15, "peer": 5}
    )
    peer_pairs = PEER_ROWS * (PEER_ROWS - 1) // 2
    name = (
        f"sampled ideal kernel, {QUBITS} qubits, {ROWS} rows, against FidelityQuantumKernel on "
        f"Aer (rate of {peer_pairs} pairs, extrapolated)"
    )
    ratio = measure.record(
        "P3", name, (">=", 5000), taken["ours"], taken["peer"], len(pairs) / peer_pairs
    )
    assert ratio >= 5000


def test_binomial_counts_are_distributed_as_those_of_sampled_pair_circuits(place, values):
    """One entry drawn 2,000 times by either way; false alarm rate 1% by the test's own threshold."""
    pairs = np.array([[0, 1]] * 2000)
    # Close rows, so that the entry is far from zero.
    rows = np.stack([values[0], values[0] + 0.05])
    drawn = _execution(place, _feature_map(), rows, pairs, operation="overlaps", method="binomial")
    sampled = _execution(place, _pair_circuit(), rows, pairs, operation="sample", method="sampled")
    ours, theirs = drawn(), sampled()
    assert 0.05 * SHOTS < np.mean(theirs) < 0.95 * SHOTS
    assert ks_2samp(ours, theirs).pvalue > 0.01
