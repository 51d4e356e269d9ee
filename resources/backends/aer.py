"""Ideal simulation on Aer: sampled, exact, or by exact overlaps with binomial shot noise."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from resources.backends.aer_estimates import seconds_of_overlaps, seconds_per_execution
from resources.backends.aer_exact import measured_bits, spread
from resources.backends.aer_simulation import (
    Simulation,
    derived_seed,
    pair_blocks,
    row_blocks,
)
from resources.backends.contract import (
    BackendError,
    CalibrationSnapshot,
    Estimate,
    Limits,
    PubResult,
)
from resources.backends.local import LocalSimulator
from resources.backends.outcomes import (
    OutcomeColumns,
    Registers,
    outcome_frame,
    pair_frame,
    registers_of,
)
from resources.backends.payloads import pair_rows, parameter_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import polars as pl
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target
    from qiskit_aer.noise import NoiseModel

    from resources.backends.aer_settings import IdealAerSettings
    from resources.backends.contract import BackendPlace, ExecutionRequest, Pub

_SMALLEST_WEIGHT = 1e-15  # rounding of amplitudes; not an outcome


_NO_NUMBERS = (
    "hq_assets.lineage.code_fingerprint",
    "resources.backends.aer_estimates",
    "resources.backends.aer_settings",
    "resources.backends.contract",
    "resources.backends.devices",
    "resources.backends.isa",
    "resources.backends.spool",
    "resources.backends.worker",
)
"""Modules of the adapters that cannot change a result: settings, queue, estimates, refusals."""


class AerSimulation(LocalSimulator):
    """What ideal and noisy Aer share: choice of method, sampling of rows and pairs."""

    has_noise: bool

    @cached_property
    def _fingerprint(self) -> str:
        from hq_assets.lineage.circuit_fingerprint import target_fingerprint

        text = json.dumps([target_fingerprint(self.target()), self.options()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def target_fingerprint(self) -> str:
        """Hash of target structure and options; no calibration numbers."""
        return self._fingerprint

    def implementation(self) -> dict[str, str]:
        """Provider and version of the software that makes the numbers.

        A device's provider answers for what runs there; of a local simulator the adapter's code and
        the versions of its packages decide, so a change of either is another target.
        """
        from hq_assets.lineage.code_fingerprint import code_version

        version = code_version(type(self).__module__, stop_at=_NO_NUMBERS)
        return {"provider": "aer", "implementation": version[:16]}

    def noise_model(self, circuit: QuantumCircuit) -> NoiseModel | None:
        """The noise of a circuit; None where there is none."""
        del circuit
        return None

    def prepared(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """The circuit that is simulated in place of an ISA circuit."""
        return circuit

    def simulation(self, pub: Pub, check: Callable[[], None]) -> tuple[Simulation, str]:
        """How a pub's circuit is simulated, and why so."""
        from hq_assets.quantum.simulation_method import choose_method, circuit_facts

        circuit = self.circuit(pub)
        choice = choose_method(circuit_facts(circuit, has_noise=self.has_noise))
        simulation = Simulation(
            circuit=self.prepared(circuit),
            method=choice.method,
            check=check,
            noise_model=self.noise_model(circuit),
            names=pub.parameter_names,
        )
        return simulation, choice.reason

    def sample_pub(
        self, request: ExecutionRequest, number: int, check: Callable[[], None]
    ) -> tuple[pl.DataFrame, PubResult]:
        """Sample every row, or every pair, of a pub."""
        pub = request.pubs[number]
        simulation, reason = self.simulation(pub, check)
        registers = registers_of(simulation.circuit)
        blocks = self._blocks(pub)
        counts = simulation.counts(blocks, pub.shots, request.seed_simulator, number)
        if pub.pairs_ref is None:
            columns = OutcomeColumns(registers)
            for row in counts:
                columns.add_hex_counts(row)
            frame = columns.frame(number)
        else:
            frame = _pair_counts(number, registers, counts, pub)
        return frame, PubResult(
            pub=number,
            registers=dict(registers.sizes),
            method="sampled",
            simulation_method=simulation.method,
            shots_returned=pub.shots * pub.executions,
            notes=(reason, *simulation.notes),
        )

    def estimate(self, request: ExecutionRequest) -> Estimate:
        """Seconds by a model of measured rates; simulators cost no money."""
        return Estimate(
            seconds=sum(self._seconds(pub) for pub in request.pubs),
            executions=sum(pub.executions for pub in request.pubs),
            provenance="measured on one core: 1.2 ms per execution, 2.5 ns per amplitude and gate",
        )

    def _seconds(self, pub: Pub) -> float:
        """Expected seconds of one pub; for overlaps a state per row and a product per pair."""
        from hq_assets.quantum.simulation_method import choose_method, circuit_facts

        circuit = self.circuit(pub)
        facts = circuit_facts(circuit, has_noise=self.has_noise)
        if pub.operation == "overlaps":
            return seconds_of_overlaps(facts.num_qubits, circuit.size(), pub.rows, pub.num_pairs)
        return pub.executions * seconds_per_execution(
            choose_method(facts).method,
            facts.num_qubits,
            circuit.size(),
            pub.shots if facts.mid_circuit or facts.has_noise else 1,
        )

    def metadata(self) -> dict[str, Any]:
        """Versions of the simulator's packages."""
        from importlib.metadata import version

        return {"packages": {name: version(name) for name in ("qiskit", "qiskit-aer")}}

    def _blocks(self, pub: Pub) -> Iterator[np.ndarray]:
        values = parameter_rows(self._blobs, pub)
        if pub.pairs_ref is None:
            return row_blocks(values)
        return pair_blocks(values, pair_rows(self._blobs, pub))


class IdealAer(AerSimulation):
    """Aer without noise: any connectivity, exact overlaps on request.

    Args:
        name: Name under which the backend was configured.
        settings: Its settings.
        place: Artifact store and folder of the queue.
    """

    has_noise = False

    def __init__(self, name: str, settings: IdealAerSettings, place: BackendPlace) -> None:
        super().__init__(name, place)
        self._settings = settings

    def options(self) -> dict[str, Any]:
        """Settings that are part of a result's key."""
        return {"kind": self._settings.kind, **self.implementation()}

    def target(self) -> Target:
        """All-to-all target with classical control."""
        from hq_assets.quantum.simulator_target import ideal_simulator_target

        return ideal_simulator_target(self._settings.max_qubits)

    def calibration(self) -> CalibrationSnapshot:
        """The constant snapshot `ideal`."""
        return CalibrationSnapshot(calibration_id="ideal", taken_at=None)

    def limits(self) -> Limits:
        """Width and shots of the settings; overlaps are offered."""
        return Limits(
            num_qubits=self._settings.max_qubits,
            max_shots=self._settings.max_shots,
            offers_overlaps=True,
            inline=True,
            supports_control_flow=True,
            supports_mid_circuit_measurement=True,
        )

    def refuse_pub(self, request: ExecutionRequest, pub: Pub) -> str | None:
        """Why a pub cannot be taken, or None."""
        if pub.operation == "sample":
            if request.method == "binomial":
                return "method binomial needs operation overlaps; sample the pairs instead"
            if request.method == "exact" and pub.pairs_ref is not None:
                return "exact pairs need operation overlaps with the circuit U(x)"
            return None
        if pub.pairs_ref is None:
            return "operation overlaps needs pairs; give pairs_ref"
        if request.method == "sampled":
            return "operation overlaps does not sample circuits; choose exact or binomial"
        return None

    def execute_pub(
        self, request: ExecutionRequest, number: int, check: Callable[[], None]
    ) -> tuple[pl.DataFrame, PubResult]:
        """Sample, weigh or overlap, as the request says."""
        if request.pubs[number].operation == "overlaps":
            return self._overlaps(request, number)
        if request.method == "exact":
            return self._exact(request, number, check)
        return self.sample_pub(request, number, check)

    def _overlaps(self, request: ExecutionRequest, number: int) -> tuple[pl.DataFrame, PubResult]:
        import numpy as np

        from hq_assets.quantum.overlaps import binomial_counts, exact_overlaps

        pub = request.pubs[number]
        circuit = self.circuit(pub)
        try:
            zero = exact_overlaps(
                circuit,
                parameter_rows(self._blobs, pub),
                pair_rows(self._blobs, pub),
                pub.parameter_names,
            )
        except ValueError as error:
            msg = f"circuit {pub.circuit_id}: {error}"
            raise BackendError(error_class="structural", message=msg) from error
        registers = Registers({"meas": circuit.num_qubits})
        rest = 1.0 - zero
        if request.method == "binomial":
            seed = np.random.default_rng(derived_seed(request.seed_simulator, number, 0))
            zero = binomial_counts(zero, pub.shots, seed)
            rest = pub.shots - zero
        return pair_frame(number, registers, zero, rest), PubResult(
            pub=number,
            registers=dict(registers.sizes),
            method=request.method,
            simulation_method="overlaps",
            shots_returned=pub.shots * pub.executions if request.method == "binomial" else 0,
        )

    def _exact(
        self, request: ExecutionRequest, number: int, check: Callable[[], None]
    ) -> tuple[pl.DataFrame, PubResult]:
        import numpy as np

        pub = request.pubs[number]
        simulation, reason = self.simulation(pub, check)
        bits = measured_bits(simulation.circuit, pub.circuit_id)
        registers = registers_of(simulation.circuit)
        executions: list[np.ndarray] = []
        weights: list[np.ndarray] = []
        bitstrings: list[str] = []
        for row, given in enumerate(simulation.probabilities(self._blocks(pub))):
            probabilities = np.asarray(given)
            outcomes = np.flatnonzero(probabilities > _SMALLEST_WEIGHT)
            executions.append(np.full(len(outcomes), row))
            weights.append(probabilities[outcomes])
            bitstrings += [registers.bitstring(spread(int(o), bits)) for o in outcomes]
        frame = outcome_frame(
            number,
            np.concatenate(executions),
            registers.name,
            bitstrings,
            weights=np.concatenate(weights),
        )
        return frame, PubResult(
            pub=number,
            registers=dict(registers.sizes),
            method="exact",
            simulation_method=simulation.method,
            shots_returned=0,
            notes=(reason, *simulation.notes),
        )


def _pair_counts(
    number: int, registers: Registers, counts: Iterator[Any], pub: Pub
) -> pl.DataFrame:
    import numpy as np

    zero = np.fromiter((row.get("0x0", 0) for row in counts), dtype=np.int64, count=pub.num_pairs)
    return pair_frame(number, registers, zero, pub.shots - zero)
