"""What can go wrong in the ledger; every message says what to do next."""


class LedgerError(Exception):
    """The ledger could not do what was asked; nothing acknowledged is lost."""


class LedgerBusyError(LedgerError):
    """Other processes held the ledger longer than the deadline."""


class LedgerConflict(LedgerError):  # noqa: N818 - says what is wrong; LedgerError is the base
    """The key is taken by another payload."""


class IllegalTransition(LedgerError):  # noqa: N818 - same
    """A job cannot go from its state to the one asked for."""


class StaleJob(LedgerError):  # noqa: N818 - same
    """Somebody else has changed the job since it was read."""


class UnknownJob(LedgerError):  # noqa: N818 - same
    """No job has this key."""
