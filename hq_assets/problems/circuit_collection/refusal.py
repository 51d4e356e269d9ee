"""Why a circuit is not executed: what reading, preparing and solving a circuit raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from hq_assets.problems.contract import RowStatus

LONGEST_REASON = 400
"""Characters kept of a reason; parser messages may quote a whole file."""


class RefusedError(Exception):
    """A circuit cannot be used.

    Attributes:
        status: What its row says.
        reason: One or two sentences for people.
    """

    status: ClassVar[RowStatus] = "error"

    def __init__(self, reason: str) -> None:
        text = " ".join(reason.split())
        self.reason = text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"
        super().__init__(self.reason)


class MalformedError(RefusedError):
    """The file does not follow its format; the parser says where."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"malformed: {reason}")


class UnsupportedError(RefusedError):
    """The circuit asks for what is not offered."""

    status: ClassVar[RowStatus] = "unsupported"


class NotApplicableError(RefusedError):
    """There is no ideal distribution to compute."""

    status: ClassVar[RowStatus] = "not_applicable"
