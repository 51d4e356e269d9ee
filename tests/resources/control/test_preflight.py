"""Preflight: each question as a table, and a refusal that names every reason."""

import subprocess
import sys

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.transpiler import CouplingMap, Target

from resources.backends.contract import BackendError, ExecutionRequest, Limits, Pub
from resources.control.circuit_facts import circuit_facts, target_facts
from resources.control.payload import ValueRange
from resources.control.preflight import (
    failing,
    preflight,
    preflight_circuit,
    preflight_request,
    require,
    target_items,
)

LIMITS = Limits(num_qubits=5, max_shots=1000, max_executions_per_job=50)
TARGET = target_facts(
    Target.from_configuration(
        ["rz", "sx", "cz", "measure"],
        num_qubits=5,
        coupling_map=CouplingMap([(0, 1), (1, 2), (2, 3), (3, 4)]),
    )
)


def good_circuit():
    circuit = QuantumCircuit(5, 2)
    circuit.sx(0)
    circuit.cz(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def request_of(method="sampled", shots=100, pubs=1, **changes):
    pub = Pub(
        circuit_id="bell",
        seed=0,
        circuit_ref="0.qpy",
        compiled_fingerprint="c",
        num_parameters=0,
        rows=10,
        shots=shots,
        **changes,
    )
    return ExecutionRequest(
        workload="lab",
        backend="folder",
        target_fingerprint="t" * 64,
        method=method,
        seed_simulator=1,
        pubs=(pub,) * pubs,
    )


def refused(items):
    return {item.item for item in items if not item.ok}


def test_a_good_request_passes_every_question():
    items = preflight(
        [circuit_facts(good_circuit())],
        request_of(),
        LIMITS,
        {"min_qubits": 2, "max_depth": 10, "native_gates": ["cz"], "coupling": "connected"},
        target=TARGET,
        target_fingerprint="t" * 64,
        payload_bytes=100,
        values=ValueRange(0.0, 1.0, 0),
        encoding_range=(0.0, 3.2),
    )
    assert failing(items) == []
    require(items)
    asked = {item.item for item in items}
    assert asked >= {
        "registers",
        "mapping",
        "qubits",
        "native gates",
        "depth",
        "shots",
        "encoding range",
        "target fingerprint",
        "coupling map",
    }


@pytest.mark.parametrize(
    ("spoil", "item"),
    [
        (lambda c: c.h(3), "native gates"),
        (lambda c: c.cz(2, 4), "mapping"),
        (lambda c: [c.sx(4) for _ in range(9)], "depth"),
        (lambda c: [c.cz(3, 4) for _ in range(3)], "two-qubit gates"),
        (lambda c: c.sx(0), "mid-circuit measurement"),
    ],
)
def test_a_circuit_is_refused_for_what_is_wrong_with_it(spoil, item):
    circuit = good_circuit()
    spoil(circuit)
    assumptions = {"max_depth": 5, "max_two_qubit_gates": 3}
    items = preflight_circuit(circuit_facts(circuit), LIMITS, assumptions, TARGET)
    assert refused(items) == {item}


def test_a_circuit_wider_than_the_backend_is_refused_by_the_qubits_it_uses():
    wide = QuantumCircuit(20, 1)
    wide.measure(2, 0)
    assert refused(preflight_circuit(circuit_facts(wide), LIMITS, {})) == set()
    wide.sx(7)
    assert refused(preflight_circuit(circuit_facts(wide), LIMITS, {})) == {"qubits"}


def test_a_circuit_that_measures_nothing_is_refused():
    circuit = QuantumCircuit(2, 2)
    circuit.sx(0)
    assert refused(preflight_circuit(circuit_facts(circuit), LIMITS, {})) == {"registers"}
    assert refused(preflight_circuit(circuit_facts(QuantumCircuit(2)), LIMITS, {})) == {"registers"}


def test_control_flow_needs_a_backend_that_offers_it():
    circuit = QuantumCircuit(2, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.sx(1)
    facts = circuit_facts(circuit)
    assert refused(preflight_circuit(facts, LIMITS, {})) == {"control flow"}
    able = LIMITS.model_copy(update={"supports_control_flow": True})
    assert refused(preflight_circuit(facts, able, {})) == set()


def test_facts_that_are_absent_are_not_asked():
    assert preflight_circuit({"depth": 3}, LIMITS, {}) == []


@pytest.mark.parametrize(
    ("method", "shots", "ok"),
    [
        ("sampled", 1, True),
        ("sampled", 0, False),
        ("binomial", 0, False),
        ("exact", 0, True),
        ("sampled", 1000, True),
        ("sampled", 1001, False),
    ],
)
def test_shots_lie_between_one_and_the_limit_and_are_zero_only_for_exact(method, shots, ok):
    items = preflight([], request_of(method, shots), LIMITS, {})
    assert ("shots" not in refused(items)) == ok


def test_a_request_is_refused_for_its_size():
    assert refused(preflight([], request_of(pubs=0), LIMITS, {})) == {"pubs"}
    assert refused(preflight([], request_of(pubs=6), LIMITS, {})) == {"executions per job"}
    small = LIMITS.model_copy(update={"max_payload_bytes": 99})
    assert refused(preflight([], request_of(), small, {}, payload_bytes=100)) == {"payload bytes"}


def test_overlaps_need_a_backend_that_offers_them():
    request = request_of("exact", 0, operation="overlaps")
    assert refused(preflight([], request, LIMITS, {})) == {"exact overlaps"}
    able = LIMITS.model_copy(update={"offers_overlaps": True})
    assert refused(preflight([], request, able, {})) == set()


@pytest.mark.parametrize(
    ("assumptions", "item"),
    [
        ({"min_qubits": 6}, "target qubits"),
        ({"native_gates": ["cz", "ecr"]}, "required native gates"),
        ({"coupling": "all_to_all"}, "coupling map"),
    ],
)
def test_a_target_is_refused_for_what_the_workload_assumes(assumptions, item):
    assert refused(target_items(TARGET, assumptions)) == {item}


@pytest.mark.parametrize(
    ("values", "ok"),
    [
        (ValueRange(0.0, 3.0, 0), True),
        (ValueRange(-0.1, 3.0, 0), False),
        (ValueRange(0.0, 3.3, 0), False),
        (ValueRange(0.0, 3.0, 1), False),
    ],
)
def test_values_are_finite_and_in_the_encodings_range(values, ok):
    items = preflight([], request_of(), LIMITS, {}, values=values, encoding_range=(0.0, 3.2))
    assert ("encoding range" not in refused(items)) == ok


def test_a_refusal_names_every_reason_and_its_class():
    items = preflight(
        [circuit_facts(QuantumCircuit(1))],
        request_of(shots=0, pubs=6),
        LIMITS,
        {},
        target_fingerprint="t" * 64,
    )
    with pytest.raises(BackendError) as caught:
        require(items)
    assert caught.value.error_class == "structural"
    for item in ("registers", "shots", "executions per job"):
        assert item in str(caught.value)
    changed = preflight([], request_of(shots=0), LIMITS, {}, target_fingerprint="u" * 64)
    with pytest.raises(BackendError, match="compiled_circuits again") as caught:
        require(changed)
    assert caught.value.error_class == "device_changed"
    wrong = preflight([], request_of(), LIMITS, {}, values=ValueRange(0.0, 1.0, 2))
    with pytest.raises(BackendError, match="2 not finite") as caught:
        require(wrong)
    assert caught.value.error_class == "data"


def test_a_request_is_asked_at_its_backend_with_its_payload(backend, store, request_of_test):
    circuit_ref = store.put_blob(b"circuit", "qpy")

    def request_with(values):
        pub = request_of_test.pubs[0].model_copy(
            update={"circuit_ref": circuit_ref, "parameters_ref": store.put_array(values)}
        )
        return request_of_test.model_copy(update={"pubs": (pub,)})

    good = request_with(np.array([[0.5, 1.0]]))
    items = preflight_request(good, backend, blobs=store, encoding_range=(0, 1))
    assert "encoding range" in {item.item for item in items}
    with pytest.raises(BackendError, match="encoding range"):
        preflight_request(
            request_with(np.array([[0.5, np.nan]])), backend, blobs=store, encoding_range=(0, 1)
        )
    with pytest.raises(BackendError, match="backend: other, needed folder"):
        preflight_request(good.model_copy(update={"backend": "other"}), backend)
    with pytest.raises(BackendError, match="required native gates"):
        preflight_request(good, backend, assumptions={"native_gates": ["cz"]})


def test_importing_control_loads_no_sdk():
    code = (
        "import sys, resources.control.preflight, resources.control.collection\n"
        "heavy = {'qiskit', 'numpy', 'polars', 'sqlalchemy', 'duckdb'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
