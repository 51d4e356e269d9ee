"""A coarse model of what one simulated execution takes, from measured rates on one core."""

_SECONDS_PER_AMPLITUDE_AND_GATE = 2.5e-9
_SECONDS_PER_CALL = 1.2e-3  # binding, assembly and reading of one small circuit
_SECONDS_PER_NOISY_CALL = 2.2e-3
_SECONDS_PER_TRAJECTORY = 2e-5
_STABILIZER_SECONDS_PER_GATE = 1e-5
_MPS_SECONDS_PER_GATE = 1e-4


def seconds_per_execution(method: str, num_qubits: int, gates: int, trajectories: int) -> float:
    """Expected seconds of one execution.

    Args:
        method: Aer's simulation method.
        num_qubits: Active qubits.
        gates: Operations of the circuit.
        trajectories: Shots that are simulated one by one; 1 where one state serves all shots.
    """
    if method == "stabilizer":
        work = gates * _STABILIZER_SECONDS_PER_GATE
    elif method == "matrix_product_state":
        work = gates * _MPS_SECONDS_PER_GATE
    elif method == "density_matrix":
        work = gates * 4**num_qubits * _SECONDS_PER_AMPLITUDE_AND_GATE
        return _SECONDS_PER_NOISY_CALL + work
    else:
        work = gates * 2**num_qubits * _SECONDS_PER_AMPLITUDE_AND_GATE
    per_shot = _SECONDS_PER_TRAJECTORY if trajectories > 1 else 0.0
    return _SECONDS_PER_CALL + trajectories * (work + per_shot)


def seconds_of_overlaps(num_qubits: int, gates: int, rows: int, pairs: int) -> float:
    """Expected seconds of exact overlaps: one state per row, one inner product per pair.

    Args:
        num_qubits: Qubits of the states.
        gates: Operations that prepare a state.
        rows: States.
        pairs: Inner products.
    """
    states = rows * (_SECONDS_PER_CALL + gates * 2**num_qubits * _SECONDS_PER_AMPLITUDE_AND_GATE)
    return states + pairs * 2**num_qubits * _SECONDS_PER_AMPLITUDE_AND_GATE
