"""Immutable bytes by their hash: references, writing, reading with verification."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from resources.store.errors import CorruptArtifact, MissingEntry, StoreError
from resources.store.place import CHUNK_BYTES

if TYPE_CHECKING:
    from upath import UPath

    from resources.store.place import Place

_REF = re.compile(r"[0-9a-f]{64}\.[a-z0-9]+(\.[a-z0-9]+)*")


def blob_name(ref: str) -> str:
    """Name of a blob below the store's root, sharded by the first two hex digits.

    Raises:
        StoreError: The text is not a blob reference.
    """
    if not _REF.fullmatch(ref):
        msg = (
            f"{ref!r} is not a blob reference. Give `<64 hex digits>.<suffix>` as put_blob "
            "returned it."
        )
        raise StoreError(msg)
    return f"blobs/{ref[:2]}/{ref}"


class BlobStore:
    """Blobs of one place; writing the same bytes twice, or at once, is harmless."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def put_blob(self, data: bytes, suffix: str) -> str:
        """Store bytes durably and return their reference, `<sha256>.<suffix>`.

        Raises:
            StoreError: They cannot be written.
        """
        ref = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
        if not self._is_intact(ref):
            self.place.replace(blob_name(ref), data)
        return ref

    def put_file(self, path: str | Path, suffix: str) -> str:
        """Store a file of any size; the hash is of the bytes that were written.

        Raises:
            StoreError: It cannot be read or written.
        """
        digest = hashlib.sha256()
        with self.place.staged() as staged:
            try:
                with Path(path).open("rb") as source, staged.open("wb") as copy:
                    while chunk := source.read(CHUNK_BYTES):
                        digest.update(chunk)
                        copy.write(chunk)
            except OSError as error:
                msg = (
                    f"Could not copy {path} into the store {self.place.root}: "
                    f"{error.strerror or error}. "
                    "Check the file and the free space and run again; nothing half-written is "
                    "visible."
                )
                raise StoreError(msg) from error
            return self._adopt(staged, f"{digest.hexdigest()}.{suffix}")

    def adopt_file(self, staged: Path, suffix: str) -> str:
        """Store a file that was written to a path given by `Place.staged`."""
        digest = hashlib.sha256()
        with staged.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
        return self._adopt(staged, f"{digest.hexdigest()}.{suffix}")

    def get_blob(self, ref: str) -> bytes:
        """Return the bytes of a reference after checking their hash.

        Raises:
            MissingEntry: The blob is not in the store.
            CorruptArtifact: The bytes are not those that were stored.
        """
        data = self.place.read(blob_name(ref))
        if hashlib.sha256(data).hexdigest() != ref[:64]:
            raise self._corrupt(ref)
        return data

    def verify_blob(self, ref: str) -> None:
        """Read a blob of any size and compare its hash; raises as `get_blob` does."""
        digest = hashlib.sha256()
        for chunk in self.place.chunks(blob_name(ref)):
            digest.update(chunk)
        if digest.hexdigest() != ref[:64]:
            raise self._corrupt(ref)

    def has_blob(self, ref: str) -> bool:
        """Whether a blob is present; its bytes are not read."""
        return self.place.exists(blob_name(ref))

    def blob_path(self, ref: str) -> UPath:
        """Where a blob lies, or would lie."""
        return self.place.path(blob_name(ref))

    def local_path(self, ref: str) -> Path:
        """Return a local file with the blob's bytes, or a verified copy of them.

        Raises:
            MissingEntry: The blob is not in the store.
        """
        if self.place.is_local:
            path = self.place.local(blob_name(ref))
            if not path.is_file():
                msg = (
                    f"Blob {ref} is not in the store at {path}. Recompute what produced it, or "
                    "restore it."
                )
                raise MissingEntry(msg)
            return path
        copy = self.place.scratch() / ref
        if not copy.exists():
            self._download(ref, copy)
        return copy

    def _download(self, ref: str, copy: Path) -> None:
        digest = hashlib.sha256()
        with self.place.staged() as staged:
            with staged.open("wb") as stream:
                for chunk in self.place.chunks(blob_name(ref)):
                    digest.update(chunk)
                    stream.write(chunk)
            if digest.hexdigest() != ref[:64]:
                raise self._corrupt(ref)
            staged.replace(copy)

    def _adopt(self, staged: Path, ref: str) -> str:
        if not self._is_intact(ref):
            self.place.adopt(staged, blob_name(ref))
        return ref

    def _is_intact(self, ref: str) -> bool:
        """Whether the blob is there with the right bytes; a damaged one is written again."""
        if not self.has_blob(ref):
            return False
        try:
            self.verify_blob(ref)
        except (CorruptArtifact, MissingEntry):
            return False
        return True

    def _corrupt(self, ref: str) -> CorruptArtifact:
        msg = (
            f"Blob {ref} at {self.blob_path(ref)} does not have the bytes that its name promises. "
            "Remove the file and recompute what produced it, or restore it from a copy."
        )
        return CorruptArtifact(msg)
