"""The states of a job and the ways between them."""

from collections.abc import Mapping
from typing import Literal, get_args

from resources.ledger.errors import IllegalTransition

JobState = Literal[
    "intent",
    "submitted",
    "queued",
    "running",
    "completed",
    "failed",
    "cancelled",
    "unknown",
    "parked",
]
STATES: tuple[str, ...] = get_args(JobState)

SETTLED = frozenset({"completed", "failed", "cancelled"})
"""States that nothing leaves. Parked and unknown jobs may still live, so they are not settled."""

_AT_THE_PROVIDER = frozenset({"queued", "running", "completed", "failed", "cancelled", "unknown"})

TRANSITIONS: Mapping[str, frozenset[str]] = {
    # An unsettled job may stay what it is, with a further attempt or a new diagnosis.
    "intent": frozenset({"intent", "submitted", "parked", "failed", "cancelled"}),
    "submitted": _AT_THE_PROVIDER | {"submitted"},
    "queued": _AT_THE_PROVIDER,
    # Providers put running jobs back into the queue, e.g. after a calibration.
    "running": _AT_THE_PROVIDER,
    "unknown": _AT_THE_PROVIDER | {"parked"},
    # A person found the job, saw that there is none, or gave it up.
    "parked": frozenset({"submitted", "intent", "failed", "cancelled"}),
    # The state is final; a response that the store lost may be fetched again.
    "completed": frozenset({"completed"}),
    "failed": frozenset(),
    "cancelled": frozenset(),
}


def check_transition(key: str, state: str, to_state: str) -> None:
    """Refuse a way that is not in the table.

    Raises:
        IllegalTransition: Names the key, both states and the states allowed.
    """
    if to_state in TRANSITIONS[state]:
        return
    allowed = ", ".join(sorted(TRANSITIONS[state])) or "none, it is settled"
    msg = f"Job {key} cannot go from {state} to {to_state}. States it can reach: {allowed}."
    raise IllegalTransition(msg)
