"""What can go wrong with stored artifacts; every message says what to do next."""


class StoreError(Exception):
    """The store could not do what was asked; nothing half-written is visible."""


class MissingEntry(StoreError):  # noqa: N818 - says what is wrong; StoreError is the base
    """Something that was referred to is not in the store."""


class CorruptArtifact(StoreError):  # noqa: N818 - says what is wrong; StoreError is the base
    """Stored bytes are not those that their name promises."""


class UnknownVersion(StoreError):  # noqa: N818 - says what is wrong; StoreError is the base
    """No committed version has the data version asked for."""
