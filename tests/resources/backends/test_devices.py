"""The catalogue of named devices: equal to the installed SDK, readable without it."""

import subprocess
import sys

import pytest

from resources.backends.devices import LISTED, device_named, installed_devices, known_devices


def test_the_catalogue_says_what_the_installed_sdk_has():
    assert {device.name: device for device in installed_devices()} == known_devices()


def test_a_device_has_its_width_and_native_gates():
    torino = device_named("fake_torino")
    assert torino.num_qubits == 133
    assert torino.native_gates == ("cz", "id", "rz", "sx", "x")
    assert torino.control_flow == ("for_loop", "if_else", "switch_case")


def test_an_unknown_device_is_refused_with_near_matches_alone():
    with pytest.raises(ValueError, match=r"did you mean fake_torino[^,]*\?$"):
        device_named("fake_torio")


def test_a_name_like_no_device_is_refused_with_some_names_and_the_number_of_the_others():
    more = len(known_devices()) - LISTED
    with pytest.raises(ValueError, match=rf"Known are: fake_aachen, .* and {more} more$"):
        device_named("12345")


def test_reading_the_catalogue_and_the_settings_loads_no_sdk():
    code = (
        "import sys; from resources.backends import resource, devices; devices.known_devices();"
        "heavy = {'qiskit', 'qiskit_aer', 'numpy', 'polars', 'qiskit_ibm_runtime'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
