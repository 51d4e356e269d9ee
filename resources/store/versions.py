"""The index of committed versions, and the record of which identity produced which version."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from resources.clock import as_text
from resources.store.artifact import Artifact
from resources.store.errors import CorruptArtifact, MissingEntry, StoreError, UnknownVersion

if TYPE_CHECKING:
    from resources.clock import Clock
    from resources.store.blobs import BlobStore

SHORTEST_PREFIX = 8
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_VERSION = re.compile(r"[0-9a-f]{64}")


class Commit(BaseModel):
    """A committed version and when that happened."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    artifact: Artifact
    committed_at: str


class IdentityRecord(BaseModel):
    """Which version a step's identity (code version, input versions, seed) produced."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: str
    workload: str
    stage: str
    data_version: str
    manifest_ref: str
    recorded_at: str


class VersionIndex:
    """Versions and identities of one place, as small JSON files."""

    def __init__(self, blobs: BlobStore, clock: Clock) -> None:
        self._blobs = blobs
        self._place = blobs.place
        self._clock = clock

    def commit(self, artifact: Artifact) -> Artifact:
        """Make a version visible; the first writer wins, and what is stored is returned.

        A stored version that lost a blob since is replaced by the complete one.

        Raises:
            MissingEntry: A blob that the artifact refers to is not in the store.
        """
        missing = self.missing_blobs(artifact)
        if missing:
            msg = (
                f"{artifact.workload}/{artifact.stage} refers to blobs that are not in the store: "
                f"{', '.join(missing)}. "
                "Store every table and blob before the artifact is committed."
            )
            raise MissingEntry(msg)
        name = _version_name(artifact.workload, artifact.stage, artifact.data_version)
        commit = Commit(artifact=artifact, committed_at=as_text(self._clock()))
        data = _canonical(commit.model_dump(mode="json"))
        if self._place.create(name, data):
            return artifact
        stored = self._complete(artifact.workload, artifact.stage, artifact.data_version)
        if stored is not None:
            return stored
        self._place.replace(name, data)
        return artifact

    def artifact(self, workload: str, stage: str, data_version: str) -> Artifact:
        """Return a version by its data version or a unique beginning of at least 8 characters.

        Raises:
            UnknownVersion: No version, or more than one, fits.
            CorruptArtifact: The record does not hold what its name says.
        """
        if not _VERSION.fullmatch(data_version):
            data_version = self._resolve(workload, stage, data_version)
        try:
            return self._read(workload, stage, data_version).artifact
        except MissingEntry:
            raise self._unknown(workload, stage, data_version) from None

    def versions(self, workload: str, stage: str) -> list[tuple[str, str]]:
        """Data versions with the moments of their commits, oldest first."""
        known = [
            (version, self._read(workload, stage, version).committed_at)
            for version in self._names(workload, stage)
        ]
        return sorted(known, key=lambda entry: (entry[1], entry[0]))

    def record_identity(self, identity: str, artifact: Artifact, manifest_ref: str) -> None:
        """Remember that an identity produced a committed version; the first complete record stays.

        Raises:
            MissingEntry: The manifest or the version is not in the store.
        """
        if not self._blobs.has_blob(manifest_ref):
            msg = (
                f"Manifest {manifest_ref} is not in the store. Store the manifest before its "
                "identity is recorded."
            )
            raise MissingEntry(msg)
        if self._complete(artifact.workload, artifact.stage, artifact.data_version) is None:
            msg = (
                f"{artifact.workload}/{artifact.stage} {artifact.data_version} is not committed. "
                "Commit the artifact first."
            )
            raise MissingEntry(msg)
        record = IdentityRecord(
            identity=identity,
            workload=artifact.workload,
            stage=artifact.stage,
            data_version=artifact.data_version,
            manifest_ref=manifest_ref,
            recorded_at=as_text(self._clock()),
        )
        name = _identity_name(identity)
        data = _canonical(record.model_dump(mode="json"))
        if not self._place.create(name, data) and self.find_identity(identity) is None:
            self._place.replace(name, data)

    def find_identity(self, identity: str) -> IdentityRecord | None:
        """Return what an identity produced, or None unless everything it refers to is present."""
        try:
            record = IdentityRecord.model_validate_json(self._place.read(_identity_name(identity)))
        except (MissingEntry, ValidationError):
            return None
        if record.identity != identity or not self._blobs.has_blob(record.manifest_ref):
            return None
        if self._complete(record.workload, record.stage, record.data_version) is None:
            return None
        return record

    def missing_blobs(self, artifact: Artifact) -> list[str]:
        """References of an artifact whose blobs are absent."""
        refs = [entry.ref for entry in (*artifact.tables.values(), *artifact.blobs.values())]
        return [ref for ref in dict.fromkeys(refs) if not self._blobs.has_blob(ref)]

    def _complete(self, workload: str, stage: str, data_version: str) -> Artifact | None:
        try:
            artifact = self._read(workload, stage, data_version).artifact
        except (MissingEntry, CorruptArtifact):
            return None
        return None if self.missing_blobs(artifact) else artifact

    def _read(self, workload: str, stage: str, data_version: str) -> Commit:
        name = _version_name(workload, stage, data_version)
        try:
            commit = Commit.model_validate_json(self._place.read(name))
        except ValidationError as error:
            raise self._corrupt(name) from error
        artifact = commit.artifact
        if (artifact.workload, artifact.stage, artifact.data_version) != (
            workload,
            stage,
            data_version,
        ):
            raise self._corrupt(name)
        return commit

    def _corrupt(self, name: str) -> CorruptArtifact:
        msg = (
            f"The record {name} in {self._place.root} does not hold the version that its name "
            "says. "
            "Remove it and recompute the stage, or restore it from a copy."
        )
        return CorruptArtifact(msg)

    def _names(self, workload: str, stage: str) -> list[str]:
        names = self._place.names(_stage_folder(workload, stage))
        return [name.removesuffix(".json") for name in names if name.endswith(".json")]

    def _resolve(self, workload: str, stage: str, prefix: str) -> str:
        if len(prefix) < SHORTEST_PREFIX:
            msg = (
                f"{prefix!r} is too short for a data version. Give at least {SHORTEST_PREFIX} of "
                "its characters."
            )
            raise UnknownVersion(msg)
        found = [name for name in self._names(workload, stage) if name.startswith(prefix)]
        if len(found) == 1:
            return found[0]
        if found:
            msg = (
                f"{prefix!r} begins {len(found)} versions of {workload}/{stage}: "
                f"{', '.join(found[:5])}. Give more characters."
            )
            raise UnknownVersion(msg)
        raise self._unknown(workload, stage, prefix)

    def _unknown(self, workload: str, stage: str, data_version: str) -> UnknownVersion:
        known = self._names(workload, stage)
        if not known:
            msg = (
                f"{workload}/{stage} has no version in {self._place.root}. Materialize it first, "
                "or check both names."
            )
            return UnknownVersion(msg)
        near = difflib.get_close_matches(data_version, known, n=3, cutoff=0.5)
        near = near or [version for version, _ in self.versions(workload, stage)[-3:]]
        msg = (
            f"{workload}/{stage} has no version {data_version}. Use one of its {len(known)}, e.g. "
            f"{', '.join(near)}."
        )
        return UnknownVersion(msg)


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _stage_folder(workload: str, stage: str) -> str:
    for name in (workload, stage):
        if not _NAME.fullmatch(name):
            msg = (
                f"{name!r} cannot name a workload or stage. Use letters, digits, `_`, `-` and `.` "
                "only."
            )
            raise StoreError(msg)
    return f"versions/{workload}/{stage}"


def _version_name(workload: str, stage: str, data_version: str) -> str:
    return f"{_stage_folder(workload, stage)}/{data_version}.json"


def _identity_name(identity: str) -> str:
    if not _NAME.fullmatch(identity):
        msg = (
            f"{identity!r} cannot name an identity. Give the hex digest of the step's code, "
            "inputs and seed."
        )
        raise StoreError(msg)
    return f"identities/{identity[:2]}/{identity}.json"
