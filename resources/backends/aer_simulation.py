"""Running one ISA circuit over many parameter rows on Aer, in bounded memory and reproducibly."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from resources.backends.contract import BackendError
from resources.backends.worker import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from qiskit import QuantumCircuit
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel

ROWS_PER_RUN = 512
"""Rows bound in one call of Aer: the call's fixed cost is spread, memory stays bounded. Changing it
changes the seeds, and so the counts, of the rows after the first 512."""

_WIDEST_UNTRUNCATED = 25  # 2^25 amplitudes are 512 MiB
_MPS_THRESHOLD = 1e-16


def derived_seed(seed: int, pub: int, first_row: int) -> int:
    """Seed of one call of Aer, 62 bits; nearby seeds would collide, as Aer adds 2113 per row."""
    text = f"{seed}:{pub}:{first_row}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 2


@dataclass(frozen=True)
class Simulation:
    """How one circuit is simulated.

    Attributes:
        circuit: ISA circuit with measurements.
        method: Aer's simulation method.
        noise_model: None for an ideal simulation.
        names: Parameter of each bound value, or None for the circuit's own order.
        check: Called before each call of Aer; raises where the work must end early.
    """

    circuit: QuantumCircuit
    method: str
    check: Callable[[], None]
    noise_model: NoiseModel | None = None
    names: Sequence[str] | None = None

    @cached_property
    def simulator(self) -> AerSimulator:
        """Aer, set up for the method."""
        from qiskit_aer import AerSimulator

        options: dict[str, Any] = {"method": self.method}
        if self.method == "matrix_product_state":
            options["matrix_product_state_truncation_threshold"] = _MPS_THRESHOLD
        if self.circuit.has_control_flow_op() and self.circuit.num_qubits <= _WIDEST_UNTRUNCATED:
            # Aer 0.18 drops the jump marks of a circuit that ends inside control flow when it
            # removes qubits without influence, and then refuses it: "Invalid jump destination".
            # A circuit on a whole device cannot do without the removal: it would not fit.
            options["enable_truncation"] = False
        return AerSimulator(**options)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the result must know about the method."""
        if self.method != "matrix_product_state":
            return ()
        return (
            "matrix product state: each decomposition drops Schmidt coefficients whose squares sum "
            f"to less than {_MPS_THRESHOLD:g}; bond dimension not limited",
        )

    def counts(
        self, blocks: Iterator[np.ndarray], shots: int, seed: int, pub: int
    ) -> Iterator[Mapping[str, int]]:
        """Hexadecimal counts of each row, in order.

        Args:
            blocks: Parameter values, float64 (rows, parameters), at most `ROWS_PER_RUN` rows each.
            shots: Shots per row.
            seed: The request's seed.
            pub: Number of the pub.
        """
        first = 0
        for values in blocks:
            self.check()
            row_seed = derived_seed(seed, pub, first)
            for data in self._run(self.circuit, values, shots=shots, seed_simulator=row_seed):
                yield data["counts"]
            first += len(values)

    def probabilities(self, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Exact outcome probabilities of each row, over the classical bits that are measured.

        Yields float64 arrays (2**measured,), the lowest measured classical bit being bit 0.
        """
        from qiskit_aer.library import SaveProbabilities

        circuit = self.circuit.copy_empty_like()
        qubit_of: dict[int, Any] = {}
        for instruction in self.circuit.data:
            if instruction.operation.name == "measure":
                qubit_of[self.circuit.find_bit(instruction.clbits[0]).index] = instruction.qubits[0]
            else:
                circuit.append(instruction)
        qubits = [qubit_of[bit] for bit in sorted(qubit_of)]
        circuit.append(SaveProbabilities(len(qubits)), qubits)
        for values in blocks:
            self.check()
            for data in self._run(circuit, values, shots=1, seed_simulator=0):
                yield data["probabilities"]

    def _run(self, circuit: QuantumCircuit, values: np.ndarray, **options: Any) -> list[Any]:
        binds = self._binds(circuit, values)
        if self.noise_model is not None:
            options["noise_model"] = self.noise_model
        try:
            result = self.simulator.run(circuit, parameter_binds=binds, **options).result()
        except RuntimeError as error:
            if "interpreter shutdown" in str(error):
                raise Interrupted from error
            raise
        if not result.success:
            reasons = {entry.status for entry in result.results if not entry.success}
            reason = "; ".join(sorted(map(str, reasons)))
            msg = f"Aer could not simulate by {self.method}: {result.status}; {reason}"
            raise BackendError(error_class="failed", message=msg)
        return [entry.data.to_dict() for entry in result.results]

    def _binds(
        self, circuit: QuantumCircuit, values: np.ndarray
    ) -> list[dict[Any, list[float]]] | None:
        columns = self.columns(circuit, values.shape[1])
        if not columns:
            return None
        return [{parameter: values[:, column].tolist() for parameter, column in columns.items()}]

    def columns(self, circuit: QuantumCircuit, width: int) -> dict[Any, int]:
        """Column of each of the circuit's parameters.

        Raises:
            BackendError: `structural` where a parameter has no value.
        """
        parameters = list(circuit.parameters)
        if self.names is None:
            if len(parameters) != width:
                msg = (
                    f"the circuit has {len(parameters)} parameters, {width} values are given per "
                    "execution; give one value for each"
                )
                raise BackendError(error_class="structural", message=msg)
            return {parameter: column for column, parameter in enumerate(parameters)}
        column_of = {name: column for column, name in enumerate(self.names)}
        missing = [parameter.name for parameter in parameters if parameter.name not in column_of]
        if missing or len(self.names) != width:
            msg = (
                f"{width} values are given per execution for the parameters {list(self.names)}; "
                f"unbound are {missing}. Give one name per value and a value for each parameter."
            )
            raise BackendError(error_class="structural", message=msg)
        return {parameter: column_of[parameter.name] for parameter in parameters}


def row_blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Parameter rows in blocks of at most `ROWS_PER_RUN`."""
    for start in range(0, len(values), ROWS_PER_RUN):
        yield values[start : start + ROWS_PER_RUN]


def pair_blocks(values: np.ndarray, pairs: np.ndarray) -> Iterator[np.ndarray]:
    """Rows left then right of each pair, in blocks; never all pairs in memory."""
    import numpy as np

    for start in range(0, len(pairs), ROWS_PER_RUN):
        block = pairs[start : start + ROWS_PER_RUN]
        yield np.concatenate([values[block[:, 0]], values[block[:, 1]]], axis=1)
