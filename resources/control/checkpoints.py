"""Named moments between two durable steps, where tests end the process and operators may look."""

from collections.abc import Callable

Checkpoint = Callable[[str], None]
"""Called with the name of the step just done."""


def pass_by(step: str) -> None:
    """Do nothing at a step."""
    del step
