"""Small JSON values by key, in the artifact store: dear to compute and safe to lose."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resources.store.errors import MissingEntry, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resources.store.artifacts import ArtifactStore

_NAMESPACE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass
class CacheCount:
    """How often a cache was asked, and with which luck."""

    hits: int = 0
    misses: int = 0

    @property
    def asked(self) -> int:
        """Number of questions."""
        return self.hits + self.misses


class KeyedCache:
    """One namespace of cached values. A member named `ref` or `…_ref`, at any depth, is a blob.

    A value whose blob is gone counts as absent, so a half-lost store computes again.
    """

    def __init__(self, store: ArtifactStore, namespace: str) -> None:
        if not _NAMESPACE.fullmatch(namespace):
            msg = f"{namespace!r} cannot name a cache. Use small letters, digits and `_`."
            raise StoreError(msg)
        self._store = store
        self._namespace = namespace
        self.count = CacheCount()

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the value of a key, or None."""
        value = self._stored(key)
        if value is None:
            self.count.misses += 1
        else:
            self.count.hits += 1
        return value

    def put(self, key: str, value: dict[str, Any]) -> dict[str, Any]:
        """Keep a value and return the one kept: the first complete writer wins.

        Raises:
            MissingEntry: The value refers to a blob that is not in the store.
        """
        missing = self._missing(value)
        if missing:
            msg = (
                f"The value for {key} refers to {', '.join(missing)}, not in the store. Store its "
                "blobs first."
            )
            raise MissingEntry(msg)
        text = json.dumps({"key": key, "value": value}, sort_keys=True, allow_nan=False)
        if self._store.place.create(self._name(key), text.encode()):
            return value
        stored = self._stored(key)
        if stored is not None:
            return stored
        self._store.place.replace(self._name(key), text.encode())
        return value

    def _stored(self, key: str) -> dict[str, Any] | None:
        try:
            document = json.loads(self._store.place.read(self._name(key)))
        except (MissingEntry, ValueError):
            return None
        if not isinstance(document, dict) or document.get("key") != key:
            return None
        value = document.get("value")
        return value if isinstance(value, dict) and not self._missing(value) else None

    def _missing(self, value: object) -> list[str]:
        return [ref for ref in _refs(value) if not self._store.has_blob(ref)]

    def _name(self, key: str) -> str:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return f"caches/{self._namespace}/{digest[:2]}/{digest}.json"


def _refs(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, str) and (name == "ref" or str(name).endswith("_ref")):
                yield member
            else:
                yield from _refs(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _refs(member)
