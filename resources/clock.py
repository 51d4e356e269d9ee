"""Time as a value that is handed in: a clock's type, the real one, its spelling as text."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""A function without arguments that returns the moment, with its time zone."""


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def as_text(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with microseconds, so that texts sort as moments do.

    Raises:
        ValueError: The moment has no time zone.
    """
    if moment.tzinfo is None:
        msg = (
            f"The moment {moment.isoformat()} has no time zone. Use a clock that returns aware "
            "times."
        )
        raise ValueError(msg)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
