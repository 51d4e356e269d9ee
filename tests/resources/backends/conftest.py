"""Backends as tests open them, requests built from circuits, and waiting for their end."""

import time
from dataclasses import dataclass

import numpy as np
import pytest
from qiskit import generate_preset_pass_manager

from resources.backends.contract import Backend, BackendPlace, ExecutionRequest, Pub
from resources.backends.payloads import put_array, put_circuit
from resources.backends.registry import build_backend, settings_from
from resources.store.blobs import BlobStore
from resources.store.place import Place

SETTINGS = {
    "ideal": {"kind": "ideal_aer", "max_shots": 50_000},
    "manila": {"kind": "noisy_aer", "device": "fake_manila", "max_shots": 50_000},
}
DEADLINE_SECONDS = 60.0


def place_in(folder) -> BackendPlace:
    """A real artifact store and a queue below one folder."""
    return BackendPlace(blobs=BlobStore(Place(folder / "store")), spool=folder / "spool")


@dataclass
class Bench:
    """One backend and what a caller of it needs."""

    backend: Backend
    place: BackendPlace

    def isa(self, circuit, level=1):
        """The circuit compiled for the backend's target."""
        manager = generate_preset_pass_manager(
            optimization_level=level, target=self.backend.target(), seed_transpiler=1
        )
        return manager.run(circuit)

    def pub(self, circuit, shots=200, values=None, pairs=None, compiled=False, **fields):
        """A pub of a circuit, its payload stored."""
        isa = circuit if compiled else self.isa(circuit)
        if values is not None:
            fields["parameters_ref"] = put_array(self.place.blobs, np.asarray(values, dtype=float))
            fields["rows"] = len(values)
        if pairs is not None:
            fields["pairs_ref"] = put_array(self.place.blobs, np.asarray(pairs, dtype=np.int64))
            fields["num_pairs"] = len(pairs)
        return Pub(
            **{
                "circuit_id": "c",
                "seed": 0,
                "circuit_ref": put_circuit(self.place.blobs, isa),
                "compiled_fingerprint": "f" * 64,
                "num_parameters": isa.num_parameters,
                "rows": 1,
                "shots": shots,
                **fields,
            }
        )

    def request(self, *pubs, **fields):
        """A request for this backend."""
        given = {
            "workload": "w",
            "backend": self.backend.name,
            "target_fingerprint": self.backend.target_fingerprint(),
            "method": "sampled",
            "seed_simulator": 7,
        }
        return ExecutionRequest(**{**given, **fields}, pubs=pubs)

    def run(self, *pubs, key="key", **fields):
        """Submit and wait for the result."""
        receipt = self.backend.submit(self.request(*pubs, **fields), key)
        self.wait(receipt)
        return self.backend.result(receipt)

    def counts(self, result, pub=0, execution=0):
        """Bitstring → count of one execution."""
        rows = result.outcomes.filter(
            (result.outcomes["pub"] == pub) & (result.outcomes["execution"] == execution)
        )
        return dict(zip(rows["bitstring"], rows["count"], strict=True))

    def wait(self, receipt, wanted="completed"):
        """Poll until a job has ended, check how, and return the states seen."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        seen = []
        while time.monotonic() < deadline:
            seen.append(self.backend.status(receipt))
            if seen[-1] in {"completed", "failed", "cancelled"}:
                break
            time.sleep(0.005)
        if seen[-1] == "failed" and wanted != "failed":
            self.backend.result(receipt)
        assert seen[-1] == wanted
        return seen

    def again(self):
        """The same backend as another process would open it."""
        return opened(self.backend.name, self.place.spool.parent)


def opened(name, folder) -> Bench:
    """A backend by its test name, in a folder."""
    place = place_in(folder)
    return Bench(build_backend(name, settings_from(SETTINGS[name]), place), place)


@pytest.fixture
def ideal(tmp_path):
    return opened("ideal", tmp_path)


@pytest.fixture
def manila(tmp_path):
    return opened("manila", tmp_path)


@pytest.fixture(params=sorted(SETTINGS))
def bench(request, tmp_path):
    """Each kind of backend in turn."""
    return opened(request.param, tmp_path)


@pytest.fixture
def place(tmp_path):
    return place_in(tmp_path)


@pytest.fixture
def bench_for(place):
    """A backend of any settings."""
    return lambda name, settings: Bench(build_backend(name, settings_from(settings), place), place)
