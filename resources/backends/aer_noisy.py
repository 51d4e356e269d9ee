"""Simulation of a named device: Aer with its calibrated noise, on its physical qubits."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

from resources.backends.aer import AerSimulation
from resources.backends.aer_noise_model import PrunedNoise
from resources.backends.contract import CalibrationSnapshot, Limits
from resources.backends.devices import device_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target
    from qiskit_aer.noise import NoiseModel

    from resources.backends.aer_settings import NoisyAerSettings
    from resources.backends.contract import BackendPlace, ExecutionRequest, Pub, PubResult


class NoisyAer(AerSimulation):
    """Aer with the calibrated noise model of one named device.

    Args:
        name: Name under which the backend was configured.
        settings: Its settings; the device is one of `known_devices()`.
        place: Artifact store and folder of the queue.
    """

    has_noise = True

    def __init__(self, name: str, settings: NoisyAerSettings, place: BackendPlace) -> None:
        super().__init__(name, place)
        self._settings = settings

    def options(self) -> dict[str, Any]:
        """Settings that are part of a result's key."""
        settings = {"kind": self._settings.kind, "device": self._settings.device}
        return {**settings, **self.implementation()}

    def target(self) -> Target:
        """The device's target."""
        return self._device.target

    def calibration(self) -> CalibrationSnapshot:
        """The device's numbers: T1, T2, readout, and errors and durations of gates."""
        return self._calibration

    def limits(self) -> Limits:
        """Width of the device, shots of the settings; only sampling is offered."""
        return Limits(
            num_qubits=self._device.num_qubits,
            max_shots=self._settings.max_shots,
            inline=True,
            supports_control_flow="if_else" in self.target().operation_names,
            supports_mid_circuit_measurement=True,
        )

    def refuse_pub(self, request: ExecutionRequest, pub: Pub) -> str | None:
        """Why a pub cannot be taken, or None."""
        if pub.operation != "sample" or request.method != "sampled":
            return (
                f"{self.name} cannot do {pub.operation} by method {request.method}; "
                "choose operation sample and method sampled"
            )
        return None

    def execute_pub(
        self, request: ExecutionRequest, number: int, check: Callable[[], None]
    ) -> tuple[pl.DataFrame, PubResult]:
        """Sample a pub."""
        return self.sample_pub(request, number, check)

    def noise_model(self, circuit: QuantumCircuit) -> NoiseModel:
        """Noise of the gates and qubits that a circuit uses."""
        return self._noise.model_for(circuit)

    def prepared(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """The circuit with thermal relaxation behind its delays."""
        if "delay" not in circuit.count_ops():
            return circuit
        delays = self._noise.delays()
        return circuit if delays is None else delays.run(circuit)

    def metadata(self) -> dict[str, Any]:
        """Versions, the device and its calibration."""
        facts = super().metadata()
        facts |= {
            "device": self._settings.device,
            "calibration_id": self.calibration().calibration_id,
        }
        return facts

    @cached_property
    def _device(self) -> Any:
        from qiskit_ibm_runtime import fake_provider

        device = device_named(self._settings.device)
        with warnings.catch_warnings():
            # One device announces that its numbers are not typical; its name says whose they are.
            warnings.simplefilter("ignore", UserWarning)
            return getattr(fake_provider, device.sdk_class)()

    @cached_property
    def _noise(self) -> PrunedNoise:
        return PrunedNoise(self.target())

    @cached_property
    def _calibration(self) -> CalibrationSnapshot:
        qubits = _qubit_numbers(self.target())
        edges = _edge_numbers(self.target())
        text = json.dumps([qubits, edges], sort_keys=True)
        properties = self._device.properties()
        taken = getattr(properties, "last_update_date", None)
        return CalibrationSnapshot(
            calibration_id=hashlib.sha256(text.encode()).hexdigest(),
            taken_at=None if taken is None else taken.isoformat(),
            qubits=qubits,
            edges=edges,
        )


def _qubit_numbers(target: Target) -> dict[str, dict[str, float | None]]:
    """Per qubit: t1_us, t2_us, and error and duration_ns of readout and of each gate."""
    numbers: dict[str, dict[str, float | None]] = {}
    for index, properties in enumerate(target.qubit_properties or []):
        numbers[str(index)] = {
            "t1_us": _number(properties.t1, 1e6),
            "t2_us": _number(properties.t2, 1e6),
        }
    for name, qubits, properties in _properties(target):
        if len(qubits) != 1:
            continue
        label = "readout" if name == "measure" else name
        row = numbers.setdefault(str(qubits[0]), {})
        row[f"{label}_error"] = _number(properties.error)
        row[f"{label}_duration_ns"] = _number(properties.duration, 1e9)
    return numbers


def _edge_numbers(target: Target) -> dict[str, dict[str, float | None]]:
    """Per gate and edge: error and duration in ns."""
    return {
        f"{name}:{'_'.join(map(str, qubits))}": {
            "error": _number(properties.error),
            "duration_ns": _number(properties.duration, 1e9),
        }
        for name, qubits, properties in _properties(target)
        if len(qubits) > 1
    }


def _properties(target: Target) -> list[tuple[str, tuple[int, ...], Any]]:
    found: list[tuple[str, tuple[int, ...], Any]] = []
    for name in target.operation_names:
        table: Mapping[Any, Any] = target[name] or {}
        found += [(name, q, p) for q, p in table.items() if q is not None and p is not None]
    return found


def _number(value: float | None, scale: float = 1.0) -> float | None:
    """A finite number in another unit, rounded to 12 significant digits, or None."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value * scale:.12g}")
