"""Noise models of a device that hold only what a circuit uses, by Aer's public interface.

The full model of a 133-qubit device takes about 3 s to build and again as much in every call;
counts of the pruned model are identical, because errors of unused gates and qubits never act.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from resources.backends.isa import instructions_used

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qiskit import QuantumCircuit
    from qiskit.transpiler import PassManager, Target
    from qiskit_aer.noise import NoiseModel, QuantumError, ReadoutError

Place = tuple[str, tuple[int, ...]]


class PrunedNoise:
    """Noise of one device, computed on demand per instruction and kept.

    Args:
        target: The device's target with durations and error rates.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._errors: dict[Place, QuantumError | ReadoutError | None] = {}
        self._models: dict[frozenset[Place], NoiseModel] = {}

    def model_for(self, circuit: QuantumCircuit) -> NoiseModel:
        """The noise of the instructions that a circuit uses, blocks of control flow included."""
        places = frozenset(
            place for place in instructions_used(circuit) if self._properties(place) is not None
        )
        if places not in self._models:
            self._models[places] = self._build(places)
        return self._models[places]

    def delays(self) -> PassManager | None:
        """A pass that puts relaxation behind delays, or None where T1 and T2 are unknown."""
        from qiskit.circuit import Delay
        from qiskit.transpiler import PassManager
        from qiskit_aer.noise import RelaxationNoisePass

        properties = self._target.qubit_properties
        if not properties:
            return None
        t1s = [math.inf if qubit.t1 is None else qubit.t1 for qubit in properties]
        t2s = [_physical_t2(qubit.t1, qubit.t2) for qubit in properties]
        relaxation = RelaxationNoisePass(
            t1s=t1s, t2s=t2s, dt=self._target.dt, op_types=Delay, target=self._target
        )
        return PassManager([relaxation])

    def _properties(self, place: Place) -> object | None:
        name, qubits = place
        if name not in self._target.operation_names:
            return None
        return (self._target[name] or {}).get(qubits)

    def _build(self, places: Iterable[Place]) -> NoiseModel:
        from qiskit_aer.noise import NoiseModel, ReadoutError

        ordered = sorted(places)
        self._compute([place for place in ordered if place not in self._errors])
        model = NoiseModel(basis_gates=list(self._target.operation_names))
        for name, qubits in ordered:
            error = self._errors[name, qubits]
            if isinstance(error, ReadoutError):
                model.add_readout_error(error, list(qubits))
            elif error is not None:
                model.add_quantum_error(error, name, list(qubits))
        return model

    def _compute(self, places: list[Place]) -> None:
        from qiskit_aer.noise.device import basic_device_gate_errors, basic_device_readout_errors

        part = self._part(places)
        self._errors |= dict.fromkeys(places)
        for name, qubits, error in basic_device_gate_errors(target=part):
            self._errors[name, tuple(qubits)] = error
        for qubits, error in basic_device_readout_errors(target=part):
            self._errors["measure", tuple(qubits)] = error

    def _part(self, places: list[Place]) -> Target:
        """A target with the given instructions only."""
        from qiskit.transpiler import Target

        whole = self._target
        part = Target(
            num_qubits=whole.num_qubits, qubit_properties=whole.qubit_properties, dt=whole.dt
        )
        for name in sorted({name for name, _ in places}):
            properties = {qubits: whole[name][qubits] for gate, qubits in places if gate == name}
            part.add_instruction(whole.operation_from_name(name), properties, name=name)
        return part


def _physical_t2(t1: float | None, t2: float | None) -> float:
    """T2 within its bound of twice T1, in seconds; infinite where unknown."""
    if t1 is None:
        return math.inf if t2 is None else t2
    return 2 * t1 if t2 is None else min(t2, 2 * t1)
