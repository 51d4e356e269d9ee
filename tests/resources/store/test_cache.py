"""Cached values: first complete writer wins, lost blobs count as absent, luck is counted."""

import pytest

from resources.store.artifacts import ArtifactStore
from resources.store.cache import KeyedCache
from resources.store.errors import MissingEntry, StoreError


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path)


def test_a_value_comes_back_and_luck_is_counted(store):
    cache = KeyedCache(store, "compiled_circuits")
    assert cache.get("key") is None
    cache.put("key", {"depth": 3})
    assert cache.get("key") == {"depth": 3}
    assert (cache.count.hits, cache.count.misses, cache.count.asked) == (1, 1, 2)
    assert KeyedCache(store, "other").get("key") is None


def test_the_first_writer_wins(store):
    cache = KeyedCache(store, "compiled_circuits")
    assert cache.put("key", {"depth": 3}) == {"depth": 3}
    assert cache.put("key", {"depth": 4}) == {"depth": 3}


@pytest.mark.parametrize("member", ["ref", "qpy_ref"])
def test_a_value_whose_blob_is_gone_is_absent_and_can_be_put_again(store, member):
    cache = KeyedCache(store, "compiled_circuits")
    ref = store.put_blob(b"circuit", "qpy")
    cache.put("key", {"deep": [{member: ref}]})
    assert cache.get("key") is not None
    store.blob_path(ref).unlink()
    assert cache.get("key") is None
    with pytest.raises(MissingEntry, match=ref):
        cache.put("key", {"deep": [{member: ref}]})
    again = store.put_blob(b"another circuit", "qpy")
    assert cache.put("key", {member: again, "depth": 1}) == {member: again, "depth": 1}
    assert cache.get("key") == {member: again, "depth": 1}


def test_a_cut_value_is_absent_and_replaced(store):
    cache = KeyedCache(store, "compiled_circuits")
    cache.put("key", {"depth": 3})
    (path,) = store.place.local("caches").rglob("*.json")
    path.write_bytes(path.read_bytes()[:10])
    assert cache.get("key") is None
    cache.put("key", {"depth": 3})
    assert cache.get("key") == {"depth": 3}


def test_a_namespace_is_a_plain_word(store):
    with pytest.raises(StoreError, match="cannot name a cache"):
        KeyedCache(store, "../versions")
