"""The named devices whose calibrated models ship with qiskit-ibm-runtime, read without that SDK.

`devices.json` is data, made from the installed SDK by `python -m resources.backends.devices` and
tested against it. Only this reader and its generator belong here; numbers that drift do not.
"""

import difflib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

_CATALOGUE = Path(__file__).with_name("devices.json")
LISTED = 8
"""Known names that a refusal lists; more of them help nobody."""


@dataclass(frozen=True)
class Device:
    """One named device.

    Attributes:
        name: Name as in `fake_torino`.
        num_qubits: Number of physical qubits.
        native_gates: Gates of its basis, sorted; measurement, reset and delay are not listed.
        control_flow: Names of the control flow operations that its target has, sorted.
        sdk_class: Class in `qiskit_ibm_runtime.fake_provider`.
    """

    name: str
    num_qubits: int
    native_gates: tuple[str, ...]
    control_flow: tuple[str, ...]
    sdk_class: str


@cache
def known_devices() -> dict[str, Device]:
    """All named devices by name, in alphabetical order."""
    rows = json.loads(_CATALOGUE.read_text(encoding="utf-8"))["devices"]
    return {
        row["name"]: Device(
            name=row["name"],
            num_qubits=row["num_qubits"],
            native_gates=tuple(row["native_gates"]),
            control_flow=tuple(row["control_flow"]),
            sdk_class=row["sdk_class"],
        )
        for row in rows
    }


def device_named(name: str) -> Device:
    """The device of a name.

    Raises:
        ValueError: No device has this name; the message lists near matches.
    """
    devices = known_devices()
    if name not in devices:
        raise ValueError(unknown_name("device", name, devices))
    return devices[name]


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """The sentences that refuse an unknown name: near matches, and the known names where they are few."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    hint = f" did you mean {' or '.join(near)}?" if near else ""
    if near and len(names) > LISTED:
        return f"unknown {what} `{name}`:{hint}"
    listed = ", ".join(names[:LISTED]) or "none"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"unknown {what} `{name}`:{hint} Known are: {listed}{more}"


def installed_devices() -> list[Device]:
    """The devices of the installed SDK, sorted by name (imports the SDK, several seconds)."""
    import warnings

    from qiskit.circuit.controlflow import CONTROL_FLOW_OP_NAMES
    from qiskit_ibm_runtime.fake_provider import FakeProviderForBackendV2

    with warnings.catch_warnings():
        # Some devices warn that their numbers are not typical; only structure is read here.
        warnings.simplefilter("ignore", UserWarning)
        backends = FakeProviderForBackendV2().backends()
    devices = [
        Device(
            name=str(backend.name),
            num_qubits=backend.num_qubits,
            native_gates=tuple(sorted(backend.configuration().basis_gates)),
            control_flow=tuple(sorted(set(backend.operation_names) & set(CONTROL_FLOW_OP_NAMES))),
            sdk_class=type(backend).__name__,
        )
        for backend in backends
    ]
    return sorted(devices, key=lambda device: device.name)


def write_catalogue(path: Path = _CATALOGUE) -> None:
    """Write `devices.json` anew from the installed SDK."""
    from importlib.metadata import version

    rows = [asdict(device) for device in installed_devices()]
    lines = ",\n".join("    " + json.dumps(row, sort_keys=True) for row in rows)
    source = json.dumps(f"qiskit-ibm-runtime {version('qiskit-ibm-runtime')}")
    path.write_text(
        f'{{\n  "source": {source},\n  "devices": [\n{lines}\n  ]\n}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    write_catalogue()
