"""The artifact store: one object that stages, control and people use for all that is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from resources.clock import Clock, utc_now
from resources.store import tables
from resources.store.blobs import BlobStore
from resources.store.errors import CorruptArtifact
from resources.store.place import Place
from resources.store.versions import IdentityRecord, VersionIndex

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import polars as pl
    from upath import UPath

    from resources.store.artifact import Artifact, TableEntry


class ArtifactStore:
    """Immutable artifacts by content, on a folder or an object store.

    Blobs lie under `blobs/`, committed versions under `versions/<workload>/<stage>/`, identities of
    steps under `identities/`. A reader sees a file whole or not at all.
    """

    def __init__(self, root: str | Path | UPath, clock: Clock = utc_now) -> None:
        self.place = Place(root)
        self._blobs = BlobStore(self.place)
        self._versions = VersionIndex(self._blobs, clock)

    @property
    def root(self) -> UPath:
        """Root folder or URL."""
        return self.place.root

    def put_blob(self, data: bytes, suffix: str) -> str:
        """Store bytes durably and return their reference, `<sha256>.<suffix>`."""
        return self._blobs.put_blob(data, suffix)

    def put_file(self, path: str | Path, suffix: str) -> str:
        """Store a file of any size and return its reference, a hash of what was written."""
        return self._blobs.put_file(path, suffix)

    def get_blob(self, ref: str) -> bytes:
        """Return a blob's bytes after checking their hash, as `BlobStore.get_blob` does."""
        return self._blobs.get_blob(ref)

    def has_blob(self, ref: str) -> bool:
        """Whether a blob is present; its bytes are not read."""
        return self._blobs.has_blob(ref)

    def verify_blob(self, ref: str) -> None:
        """Re-hash a blob of any size; raises CorruptArtifact or MissingEntry."""
        self._blobs.verify_blob(ref)

    def blob_path(self, ref: str) -> UPath:
        """Where a blob lies, or would lie."""
        return self._blobs.blob_path(ref)

    def blob_size(self, ref: str) -> int:
        """Bytes of a blob."""
        from resources.store.blobs import blob_name

        return self.place.size(blob_name(ref))

    def local_path(self, ref: str) -> Path:
        """A local file with the blob's bytes; a copy lives as long as this store object."""
        return self._blobs.local_path(ref)

    def put_table(
        self, frame: pl.DataFrame | pl.LazyFrame, exclude_from_hash: Sequence[str] = ()
    ) -> TableEntry:
        """Store a table as Parquet; a lazy one is streamed and never collected."""
        return tables.put_table(self._blobs, frame, exclude_from_hash)

    def scan_table(self, entry: TableEntry) -> pl.LazyFrame:
        """Return a stored table lazily."""
        return tables.scan_table(self._blobs, entry)

    def put_array(self, array: np.ndarray) -> str:
        """Store an array of numbers as `.npy` and return its reference."""
        return tables.put_array(self._blobs, array)

    def get_array(self, ref: str) -> np.ndarray:
        """Return a stored array after checking its hash."""
        return tables.get_array(self._blobs, ref)

    def put_manifest(self, doc: dict[str, Any]) -> str:
        """Store a JSON document canonically and return its reference.

        Raises:
            ValueError: The document holds NaN or infinity, which JSON has not.
        """
        text = json.dumps(doc, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return self.put_blob(text.encode(), "json")

    def get_manifest(self, ref: str) -> dict[str, Any]:
        """Return a stored JSON document after checking its hash."""
        document = json.loads(self.get_blob(ref))
        if not isinstance(document, dict):
            msg = (
                f"Blob {ref} at {self.blob_path(ref)} is no JSON object. Give the reference that "
                "put_manifest returned."
            )
            raise CorruptArtifact(msg)
        return document

    def commit(self, artifact: Artifact) -> Artifact:
        """Make a version visible; the first writer wins, and what is stored is returned."""
        return self._versions.commit(artifact)

    def artifact(self, workload: str, stage: str, data_version: str) -> Artifact:
        """Return a version by its data version or a unique beginning of it (8 characters)."""
        return self._versions.artifact(workload, stage, data_version)

    def versions(self, workload: str, stage: str) -> list[tuple[str, str]]:
        """Data versions with the moments of their commits (ISO 8601, UTC), oldest first."""
        return self._versions.versions(workload, stage)

    def missing_blobs(self, artifact: Artifact) -> list[str]:
        """References of an artifact whose blobs are absent."""
        return self._versions.missing_blobs(artifact)

    def record_identity(self, identity: str, artifact: Artifact, manifest_ref: str) -> None:
        """Remember which committed version a step's identity produced."""
        self._versions.record_identity(identity, artifact, manifest_ref)

    def find_identity(self, identity: str) -> IdentityRecord | None:
        """Return what an identity produced, or None unless everything it refers to is present."""
        return self._versions.find_identity(identity)

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove files that killed writers left behind; return how many."""
        return self.place.sweep(older_than_seconds)
