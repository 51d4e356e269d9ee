"""Which classical bits have exact weights, and where they stand in an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.backends.contract import BackendError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

_EXACT_BITS = 20  # 2^20 weights per execution are 8 MiB


def measured_bits(circuit: QuantumCircuit, circuit_id: str) -> list[int]:
    """Classical bits that final measurements write, ascending.

    Raises:
        BackendError: `structural` where outcomes do not follow from the final state or are many.
    """
    from hq_assets.quantum.simulation_method import has_mid_circuit

    if has_mid_circuit(circuit):
        msg = (
            f"circuit {circuit_id} measures, resets or branches before its end, so its outcomes "
            "have no exact weights here; ask for method sampled"
        )
        raise BackendError(error_class="structural", message=msg)
    bits = sorted(
        {
            circuit.find_bit(instruction.clbits[0]).index
            for instruction in circuit.data
            if instruction.operation.name == "measure"
        }
    )
    if not 1 <= len(bits) <= _EXACT_BITS:
        msg = (
            f"circuit {circuit_id} measures {len(bits)} bits; exact weights are given for 1 to "
            f"{_EXACT_BITS}: ask for method sampled"
        )
        raise BackendError(error_class="structural", message=msg)
    return bits


def spread(outcome: int, bits: list[int]) -> int:
    """Place the bits of an outcome over the measured bits at their classical bits."""
    return sum(1 << bit for position, bit in enumerate(bits) if outcome >> position & 1)
