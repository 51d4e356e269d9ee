"""Committed versions and identities: first writer wins, nothing half, nothing stale."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from resources.store.artifact import Artifact, BlobEntry
from resources.store.artifacts import ArtifactStore
from resources.store.errors import CorruptArtifact, MissingEntry, StoreError, UnknownVersion

START = datetime(2026, 1, 1, tzinfo=UTC)


class Ticking:
    """A clock that moves a second per look."""

    def __init__(self):
        self.moment = START

    def __call__(self):
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture(params=["folder", "object store"])
def store(request, tmp_path):
    root = tmp_path if request.param == "folder" else f"memory://versions-{uuid.uuid4().hex}"
    return ArtifactStore(root, clock=Ticking())


def artifact_of(store, text="a", stage="compiled_circuits", content_hash=None):
    ref = store.put_blob(text.encode(), "qpy")
    entry = BlobEntry(content_hash=content_hash or ref[:64], ref=ref)
    return Artifact(workload="lab", stage=stage, schema_version="1.0", blobs={"circuit": entry})


def test_a_committed_version_is_read_back_by_full_and_short_version(store):
    artifact = store.commit(artifact_of(store))
    version = artifact.data_version
    assert store.artifact("lab", "compiled_circuits", version) == artifact
    assert store.artifact("lab", "compiled_circuits", version[:8]) == artifact


def test_the_first_writer_of_a_version_wins(store):
    first = store.commit(artifact_of(store, "first bytes", content_hash="same"))
    second = store.commit(artifact_of(store, "other bytes", content_hash="same"))
    assert first.blobs != artifact_of(store, "other bytes", content_hash="same").blobs
    assert second == first


def test_a_version_that_lost_its_bytes_is_replaced_by_a_complete_one(store):
    first = store.commit(artifact_of(store, "first bytes", content_hash="same"))
    store.blob_path(first.blobs["circuit"].ref).unlink()
    again = artifact_of(store, "other bytes", content_hash="same")
    assert store.commit(again) == again
    assert store.artifact("lab", "compiled_circuits", again.data_version) == again


def test_a_commit_names_every_missing_blob(store):
    artifact = artifact_of(store)
    ref = artifact.blobs["circuit"].ref
    store.blob_path(ref).unlink()
    with pytest.raises(MissingEntry, match=ref):
        store.commit(artifact)
    assert store.versions("lab", "compiled_circuits") == []


def test_versions_are_listed_oldest_first(store):
    committed = [store.commit(artifact_of(store, text)).data_version for text in "abc"]
    store.commit(artifact_of(store, "a"))
    listed = store.versions("lab", "compiled_circuits")
    assert [version for version, _ in listed] == committed
    assert [moment for _, moment in listed] == sorted(moment for _, moment in listed)


def test_an_unknown_version_names_near_ones(store):
    version = store.commit(artifact_of(store)).data_version
    nearly = ("0" if version[0] != "0" else "1") + version[1:]
    with pytest.raises(UnknownVersion, match=version):
        store.artifact("lab", "compiled_circuits", nearly)
    with pytest.raises(UnknownVersion, match=version):
        store.artifact("lab", "compiled_circuits", "zzzzzzzzzz")
    with pytest.raises(UnknownVersion, match="too short"):
        store.artifact("lab", "compiled_circuits", version[:7])
    with pytest.raises(UnknownVersion, match="Materialize it first"):
        store.artifact("lab", "raw_counts", version)


def test_a_short_version_that_fits_two_is_refused_with_both(tmp_path):
    store = ArtifactStore(tmp_path)
    for ending in ("1", "2"):
        path = tmp_path / "versions" / "lab" / "raw_counts" / f"{'ab' * 31}0{ending}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    with pytest.raises(UnknownVersion, match="begins 2 versions"):
        store.artifact("lab", "raw_counts", "ab" * 31)


def test_a_record_under_a_wrong_name_is_corrupt(store):
    artifact = store.commit(artifact_of(store))
    name = f"versions/lab/compiled_circuits/{artifact.data_version}.json"
    wrong = name.replace(artifact.data_version, "f" * 64)
    store.place.replace(wrong, store.place.read(name))
    with pytest.raises(CorruptArtifact, match="f" * 64):
        store.artifact("lab", "compiled_circuits", "f" * 64)


@pytest.mark.parametrize("name", ["../lab", "", ".hidden", "a/b"])
def test_names_cannot_leave_the_store(store, name):
    with pytest.raises(StoreError, match="cannot name"):
        store.versions(name, "raw_counts")


def test_an_identity_finds_its_version_and_manifest(store):
    artifact = store.commit(artifact_of(store))
    manifest_ref = store.put_manifest({"tier": "simulator"})
    assert store.find_identity("ab" * 32) is None
    store.record_identity("ab" * 32, artifact, manifest_ref)
    record = store.find_identity("ab" * 32)
    assert record is not None
    assert record.data_version == artifact.data_version
    assert store.get_manifest(record.manifest_ref) == {"tier": "simulator"}


def test_the_first_complete_record_of_an_identity_stays(store):
    first, second = (store.commit(artifact_of(store, text)) for text in "ab")
    manifest_ref = store.put_manifest({})
    store.record_identity("ab" * 32, first, manifest_ref)
    store.record_identity("ab" * 32, second, manifest_ref)
    record = store.find_identity("ab" * 32)
    assert record is not None
    assert record.data_version == first.data_version


@pytest.mark.parametrize("lost", ["blob", "manifest", "version", "half version", "half identity"])
def test_an_identity_whose_parts_are_lost_is_absent_and_recorded_anew(store, lost):
    artifact = store.commit(artifact_of(store))
    manifest_ref = store.put_manifest({"tier": "simulator"})
    identity = "ab" * 32
    store.record_identity(identity, artifact, manifest_ref)
    version = store.place.path(f"versions/lab/compiled_circuits/{artifact.data_version}.json")
    record = store.place.path(f"identities/ab/{identity}.json")
    {
        "blob": lambda: store.blob_path(artifact.blobs["circuit"].ref).unlink(),
        "manifest": lambda: store.blob_path(manifest_ref).unlink(),
        "version": version.unlink,
        "half version": lambda: version.write_bytes(version.read_bytes()[:40]),
        "half identity": lambda: record.write_bytes(record.read_bytes()[:40]),
    }[lost]()
    assert store.find_identity(identity) is None
    again = store.commit(artifact_of(store))
    store.record_identity(identity, again, store.put_manifest({"tier": "simulator"}))
    assert store.find_identity(identity) is not None


def test_an_identity_is_recorded_only_for_what_is_stored(store):
    artifact = artifact_of(store)
    with pytest.raises(MissingEntry, match="Commit the artifact first"):
        store.record_identity("ab" * 32, artifact, store.put_manifest({}))
    store.commit(artifact)
    with pytest.raises(MissingEntry, match="Store the manifest"):
        store.record_identity("ab" * 32, artifact, f"{'0' * 64}.json")


def test_a_manifest_is_canonical_and_holds_no_infinity(store):
    assert store.put_manifest({"b": 1, "a": 2}) == store.put_manifest({"a": 2, "b": 1})
    with pytest.raises(ValueError, match="JSON"):
        store.put_manifest({"a": float("inf")})
    ref = store.put_blob(json.dumps([1]).encode(), "json")
    with pytest.raises(CorruptArtifact, match="no JSON object"):
        store.get_manifest(ref)
