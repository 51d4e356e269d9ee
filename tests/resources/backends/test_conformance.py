"""What every backend must do, whatever stands behind the contract."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter

from resources.backends.contract import BackendError, Receipt

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
STATES = {"queued", "running", "completed", "failed", "cancelled", "unknown"}


def _x_on_qubit_0_of_3():
    circuit = QuantumCircuit(3)
    circuit.x(0)
    circuit.measure_all()
    return circuit


def _two_registers_out_of_order():
    """X on qubit 2; qubits 2, 0 into bits 0, 1 of register `late`, qubit 1 into `early`."""
    qubits = QuantumRegister(3)
    early, late = ClassicalRegister(1, "early"), ClassicalRegister(2, "late")
    circuit = QuantumCircuit(qubits, early, late)
    circuit.x(2)
    circuit.measure(0, late[1])
    circuit.measure(2, late[0])
    circuit.measure(1, early[0])
    return circuit


def _rotation(num_qubits=2):
    """RY(a) on qubit 0 and RY(b) on qubit 1, measured."""
    circuit = QuantumCircuit(num_qubits)
    circuit.ry(Parameter("a"), 0)
    circuit.ry(Parameter("b"), 1)
    circuit.measure_all()
    return circuit


def _most(counts):
    return max(counts, key=counts.get)


def test_qubit_0_is_rightmost_single_and_batched(bench):
    circuit, other = _x_on_qubit_0_of_3(), _two_registers_out_of_order()
    single = bench.run(bench.pub(circuit), key="single")
    batched = bench.run(bench.pub(other), bench.pub(circuit), key="batched")
    assert _most(bench.counts(single)) == "001"
    assert _most(bench.counts(batched, pub=1)) == "001"
    assert set(single.outcomes["register"]) == {"meas"}
    assert single.pubs[0].registers == {"meas": 3}


def test_registers_are_joined_last_declared_first_single_and_batched(bench):
    circuit, other = _two_registers_out_of_order(), _x_on_qubit_0_of_3()
    single = bench.run(bench.pub(circuit), key="single")
    batched = bench.run(bench.pub(other), bench.pub(circuit), key="batched")
    assert _most(bench.counts(single)) == "01 0"
    assert _most(bench.counts(batched, pub=1)) == "01 0"
    assert set(single.outcomes["register"]) == {"all"}
    assert list(single.pubs[0].registers.items()) == [("early", 1), ("late", 2)]


def test_parameter_rows_come_back_in_order(bench):
    values = [[0, 0], [np.pi, 0], [0, np.pi], [np.pi, np.pi]] * 200
    result = bench.run(bench.pub(_rotation(), shots=50, values=values))
    most = [_most(bench.counts(result, execution=row)) for row in (0, 1, 2, 3, 797, 798)]
    assert most == ["00", "01", "10", "11", "01", "10"]
    assert result.outcomes["execution"].n_unique() == 800


def test_named_parameters_are_bound_by_name_and_lost_ones_are_skipped(bench):
    names = ("b", "vanished", "a")
    pub = bench.pub(_rotation(), values=[[np.pi, 1.0, 0.0]], parameter_names=names)
    assert _most(bench.counts(bench.run(pub))) == "10"


def test_pairs_bind_left_then_right_and_keep_two_outcomes(bench):
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("left"), 0)
    circuit.ry(-1 * Parameter("right"), 0)
    circuit.measure_all()
    values, pairs = [[0.3], [0.3 + np.pi]], [[0, 0], [0, 1], [1, 1], [1, 0]]
    result = bench.run(bench.pub(circuit, shots=400, values=values, pairs=pairs))
    table = result.outcomes
    assert table["bitstring"].to_list() == ["0", "rest"] * 4
    zero = table["count"].to_list()[::2]
    assert min(zero[0], zero[2]) > 350
    assert max(zero[1], zero[3]) < 50


def test_counts_sum_to_the_shots_in_every_execution(bench):
    values = np.random.default_rng(1).uniform(0, 3, (5, 2))
    result = bench.run(
        bench.pub(_rotation(), shots=137, values=values), bench.pub(_x_on_qubit_0_of_3(), shots=64)
    )
    groups = result.outcomes.group_by("pub", "execution", maintain_order=True)
    assert groups.agg(pl.col("count").sum())["count"].to_list() == [137] * 5 + [64]
    assert [pub.shots_returned for pub in result.pubs] == [137 * 5, 64]
    assert result.outcomes["weight"].null_count() == result.outcomes.height


def test_many_circuits_run_in_one_job(bench):
    pubs = []
    for number in range(12):
        circuit = QuantumCircuit(4)
        for qubit in range(4):
            if number >> qubit & 1:
                circuit.x(qubit)
        circuit.measure_all()
        pubs.append(bench.pub(circuit, shots=40, circuit_id=f"c{number}"))
    result = bench.run(*pubs)
    most = [_most(bench.counts(result, pub=number)) for number in range(12)]
    assert most == [format(number, "04b") for number in range(12)]


def test_the_same_seed_gives_the_same_counts_and_another_seed_others(bench):
    values = np.random.default_rng(2).uniform(0, 3, (3, 2))
    pub = bench.pub(_rotation(), shots=500, values=values)
    first = bench.run(pub, key="1").outcomes
    assert first.equals(bench.run(pub, key="2").outcomes)
    assert not first.equals(bench.run(pub, key="3", seed_simulator=8).outcomes)


def test_equal_rows_and_equal_pubs_have_independent_shot_noise(bench):
    pub = bench.pub(_rotation(), shots=4000, values=[[1.2, 0.7]] * 2)
    result = bench.run(pub, pub)
    seen = [tuple(bench.counts(result, p, e).values()) for p in (0, 1) for e in (0, 1)]
    assert len(set(seen)) == 4


@pytest.mark.parametrize("shots", [0, 50_001])
def test_shots_outside_the_limits_are_refused(bench, shots):
    with pytest.raises(BackendError, match=f"{shots} shots") as refused:
        bench.backend.submit(bench.request(bench.pub(_rotation(), shots=shots)), "key")
    assert refused.value.error_class == "structural"
    assert bench.backend.find("key", LONG_AGO) is None


def test_a_circuit_wider_than_the_backend_is_refused(bench):
    circuit = QuantumCircuit(bench.backend.limits().num_qubits + 1)
    circuit.measure_all()
    with pytest.raises(BackendError, match="qubits") as refused:
        bench.backend.submit(bench.request(bench.pub(circuit, compiled=True)), "key")
    assert refused.value.error_class == "structural"


def test_a_circuit_that_does_not_obey_the_target_is_refused(bench):
    circuit = QuantumCircuit(4)
    circuit.rccx(0, 1, 2)
    circuit.measure_all()
    with pytest.raises(BackendError, match="`rccx` on qubits") as refused:
        bench.backend.submit(bench.request(bench.pub(circuit, compiled=True)), "key")
    assert refused.value.error_class == "structural"


def test_a_circuit_compiled_for_another_target_is_refused(bench):
    request = bench.request(bench.pub(_rotation()), target_fingerprint="0" * 64)
    with pytest.raises(BackendError, match="compile them again") as refused:
        bench.backend.submit(request, "key")
    assert refused.value.error_class == "device_changed"


@pytest.mark.parametrize(
    ("values", "message"), [([[1.0]], "2 parameters, 1 values"), ([[1.0, np.nan]], "row 0")]
)
def test_values_that_do_not_fit_fail_the_job_with_a_diagnosis(bench, values, message):
    receipt = bench.backend.submit(bench.request(bench.pub(_rotation(), values=values)), "key")
    bench.wait(receipt, "failed")
    with pytest.raises(BackendError, match=message) as failed:
        bench.backend.result(receipt)
    assert failed.value.error_class == "structural"


def test_a_circuit_that_cannot_be_executed_never_stops_the_others(bench):
    bad, good = bench.pub(_rotation(), values=[[1.0]]), bench.pub(_rotation(), values=[[0.1, 0.2]])
    receipt = bench.backend.submit(bench.request(bad, good), "key")
    bench.wait(receipt, "completed")
    result = bench.backend.result(receipt)
    assert "2 parameters, 1 values" in result.pubs[0].error
    assert result.pubs[1].error is None
    assert result.outcomes["pub"].unique().to_list() == [1]
    assert result.outcomes["count"].sum() == good.shots


def test_a_payload_that_is_not_in_the_store_is_refused_as_data(bench):
    pub = bench.pub(_rotation()).model_copy(update={"circuit_ref": "0" * 64 + ".qpy"})
    with pytest.raises(BackendError) as refused:
        bench.backend.submit(bench.request(pub), "key")
    assert refused.value.error_class == "data"


def test_submitting_a_key_twice_gives_the_first_receipt(bench):
    request = bench.request(bench.pub(_rotation(), values=[[0.1, 0.2]]))
    first = bench.backend.submit(request, "key")
    assert bench.backend.submit(request, "key") == first
    assert bench.again().backend.submit(request, "key") == first


def test_a_key_with_another_payload_is_refused(bench):
    pub = bench.pub(_rotation(), values=[[0.1, 0.2]])
    bench.backend.submit(bench.request(pub), "key")
    with pytest.raises(BackendError, match="derive a new key") as refused:
        bench.backend.submit(bench.request(pub, seed_simulator=8), "key")
    assert refused.value.error_class == "structural"


def test_find_is_certain(bench):
    assert bench.backend.find("a/key", LONG_AGO) is None
    receipt = bench.backend.submit(
        bench.request(bench.pub(_rotation(), values=[[0.1, 0.2]])), "a/key"
    )
    assert bench.again().backend.find("a/key", LONG_AGO) == receipt


def test_status_answers_for_every_receipt(bench):
    stranger = Receipt(
        idempotency_key="stranger", backend="b", provider_job_id="x", submitted_at="2026-01-01"
    )
    assert bench.backend.status(stranger) == "unknown"
    receipt = bench.backend.submit(
        bench.request(bench.pub(_rotation(), values=[[0.1, 0.2]])), "key"
    )
    assert set(bench.wait(receipt)) <= STATES


def test_a_result_is_not_given_before_the_end(bench):
    stranger = Receipt(
        idempotency_key="stranger", backend="b", provider_job_id="x", submitted_at="2026-01-01"
    )
    with pytest.raises(BackendError) as refused:
        bench.backend.result(stranger)
    assert refused.value.error_class == "not_found_yet"


def test_a_job_cancelled_between_its_parts_ends_as_cancelled(bench):
    values = np.random.default_rng(3).uniform(0, 3, (2000, 2))
    pubs = [bench.pub(_rotation(), shots=2000, values=values)] * 40
    receipt = bench.backend.submit(bench.request(*pubs), "key")
    bench.backend.cancel(receipt)
    bench.wait(receipt, "cancelled")
    with pytest.raises(BackendError) as refused:
        bench.backend.result(receipt)
    assert refused.value.error_class == "cancelled"


def test_cancelling_a_job_that_has_ended_changes_nothing(bench):
    receipt = bench.backend.submit(
        bench.request(bench.pub(_rotation(), values=[[0.1, 0.2]])), "key"
    )
    bench.wait(receipt)
    bench.backend.cancel(receipt)
    assert bench.backend.status(receipt) == "completed"


def test_the_response_is_found_by_a_later_process(bench):
    result = bench.run(bench.pub(_rotation(), values=[[0.1, 0.2]]))
    other = bench.again().backend
    receipt = other.find("key", LONG_AGO)
    assert other.status(receipt) == "completed"
    assert other.result(receipt).outcomes.equals(result.outcomes)


_SUBMIT = """
import sys, time
from pathlib import Path
from resources.backends.contract import BackendPlace, ExecutionRequest
from resources.backends.registry import build_backend, settings_from
from resources.store.blobs import BlobStore
from resources.store.place import Place
import json
folder, name, settings, request = sys.argv[1:]
place = BackendPlace(blobs=BlobStore(Place(Path(folder) / "store")), spool=Path(folder) / "spool")
backend = build_backend(name, settings_from(json.loads(settings)), place)
receipt = backend.submit(ExecutionRequest.model_validate_json(request), "key")
while backend.status(receipt) != "running":
    time.sleep(0.001)
print("running", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("ending", ["killed", "regular"])
def test_a_job_whose_process_ended_is_continued_by_the_next_process(bench, tmp_path, ending):
    values = np.random.default_rng(3).uniform(0, 3, (2000, 2))
    request = bench.request(bench.pub(_rotation(), shots=500, values=values))
    options = bench.backend.options()
    given = {name: options[name] for name in ("kind", "device") if name in options}
    settings = json.dumps(given | {"max_shots": 50_000})
    name, payload = bench.backend.name, request.model_dump_json()
    command = [sys.executable, "-c", _SUBMIT, str(tmp_path), name, settings, payload]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "running\n"
        other = bench.again()
        receipt = other.backend.find("key", LONG_AGO)
        assert other.backend.status(receipt) == "running"
        if ending == "killed":
            os.kill(child.pid, signal.SIGKILL)
        else:
            child.stdin.write("\n")
            child.stdin.flush()
        assert child.wait(timeout=30) == (-signal.SIGKILL if ending == "killed" else 0)
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
    assert other.backend.status(receipt) == "queued"
    other.wait(receipt)
    expected = bench.backend.submit(request, "undisturbed")
    bench.wait(expected)
    result = other.backend.result(receipt)
    assert result.outcomes.equals(bench.backend.result(expected).outcomes)


@pytest.mark.parametrize("damage", ["cut", "empty"])
def test_a_half_written_response_counts_as_none(bench, damage):
    result = bench.run(bench.pub(_rotation(), values=[[0.1, 0.2]]))
    receipt = bench.backend.find("key", LONG_AGO)
    (response,) = Path(bench.place.spool).rglob("*.response.json")
    response.write_bytes(response.read_bytes()[:20] if damage == "cut" else b"")
    assert bench.backend.status(receipt) in {"queued", "running"}
    bench.wait(receipt)
    assert bench.backend.result(receipt).outcomes.equals(result.outcomes)


def test_the_calibration_and_the_fingerprint_are_the_same_in_a_later_process(bench):
    other = bench.again().backend
    assert other.calibration() == bench.backend.calibration()
    assert other.target_fingerprint() == bench.backend.target_fingerprint()


def test_the_estimate_counts_executions_and_is_positive(bench):
    pub = bench.pub(_rotation(), values=[[0.1, 0.2]] * 30)
    estimate = bench.backend.estimate(bench.request(pub, pub))
    assert estimate.executions == 60
    assert 0 < estimate.seconds < 10
    assert estimate.provenance


def test_mid_circuit_measurement_decides_the_next_gate(bench):
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    if bench.backend.limits().supports_control_flow:
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.x(1)
    else:
        circuit.x(0)
        circuit.x(1)
    circuit.measure(1, 1)
    assert _most(bench.counts(bench.run(bench.pub(circuit)))) == "11"


def test_reading_the_status_costs_little(bench):
    receipt = bench.backend.submit(
        bench.request(bench.pub(_rotation(), values=[[0.1, 0.2]])), "key"
    )
    bench.wait(receipt)
    begun = time.perf_counter()
    for _ in range(50):
        bench.backend.status(receipt)
    assert time.perf_counter() - begun < 1.0
