"""Every known device is a backend that can be named."""

import pytest

from resources.backends.contract import BackendPlace
from resources.backends.devices import known_devices
from resources.environments import UnknownEnvironment, declared_backends, resources_for
from resources.store.artifacts import ArtifactStore


@pytest.fixture
def place(tmp_path):
    """Where backends keep what they need."""
    return BackendPlace(blobs=ArtifactStore(str(tmp_path / "store")), spool=tmp_path / "spool")


def test_every_known_device_can_be_named():
    declared = declared_backends("dev")
    by_device = {entry["device"]: name for name, entry in declared.items() if "device" in entry}
    assert set(by_device) == set(known_devices())
    assert declared["noisy_brisbane"] == {"kind": "noisy_aer", "device": "fake_brisbane"}
    assert declared["noisy_aer"] == declared["noisy_torino"]


def test_a_named_device_opens_with_its_width(place):
    backend = resources_for("dev")["backend"].open("noisy_quito", place)
    assert backend.limits().num_qubits == known_devices()["fake_quito"].num_qubits


def test_an_unknown_backend_is_refused_in_one_readable_sentence():
    with pytest.raises(ValueError, match="did you mean noisy_brisbane") as refused:
        resources_for("dev")["backend"].choose("noisy_brisban")
    assert len(str(refused.value)) < 120


def test_an_unknown_environment_is_refused():
    with pytest.raises(UnknownEnvironment, match="'moon' is no environment"):
        declared_backends("moon")
