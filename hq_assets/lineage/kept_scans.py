"""Scans of files, kept beside Python's byte code: a file is parsed once, not once per process.

A scan is found by the SHA-256 of the file's bytes, and all are dropped when the scanner itself or Python
changes, so what is kept cannot be out of date. What cannot be read or written counts as not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from functools import cache, lru_cache
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from hq_assets.lineage import syntax_tree
from hq_assets.lineage.syntax_tree import FileScan, ImportStatement, scan_source

MOST = 2000
"""Scans kept; beyond, those of files that this process did not read are dropped."""

_used: dict[str, FileScan] = {}
"""SHA-256 of a file's bytes, hex → its scan, for the files that this process read."""


@lru_cache(maxsize=4096)
def scan_file(path: str, mtime_ns: int, size: int) -> FileScan:
    """Return the scan of a file; while its time of change and size stay, it is read only once.

    Raises:
        FileNotFoundError: There is no such file.
        SyntaxError: The file is not Python of this interpreter.
    """
    del mtime_ns, size  # they are the cache key
    source = Path(path).read_bytes()
    key = hashlib.sha256(source).hexdigest()
    kept = _kept().get(key)
    scan = _used[key] = kept if kept is not None else scan_source(source, path)
    return scan


def keep() -> None:
    """Write down the scans that this process made, if any are new."""
    kept = _kept()
    if sys.dont_write_bytecode or _used.keys() <= kept.keys():
        return
    kept.update(_used)
    if len(kept) > MOST:
        kept.clear()
        kept.update(_used)
    document = {"scanner": _scanner(), "scans": {key: _plain(scan) for key, scan in kept.items()}}
    with contextlib.suppress(OSError):  # as Python does for byte code: a read-only folder is fine
        _replace(_place(), json.dumps(document, separators=(",", ":")))


@cache
def _kept() -> dict[str, FileScan]:
    """The scans of earlier processes."""
    try:
        document = json.loads(_place().read_text(encoding="utf-8"))
        if document["scanner"] != _scanner():
            return {}
        return {key: _scan(*plain) for key, plain in document["scans"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _place() -> Path:
    """The file of the scans, in the folder that Python chose for byte code of this version."""
    source = Path(__file__).with_name("kept_scans.scans.py")
    return Path(cache_from_source(str(source))).with_suffix(".json")


@cache
def _scanner() -> str:
    """What makes a scan: the scanner's code and the Python version."""
    code = Path(syntax_tree.__file__).read_bytes()
    return f"{sys.version} {hashlib.sha256(code).hexdigest()}"


def _plain(scan: FileScan) -> list[Any]:
    imports = [[entry.level, entry.module, entry.names] for entry in scan.imports]
    return [scan.digest, imports, scan.data]


def _scan(
    digest: str, imports: list[tuple[int, str | None, list[str]]], data: list[str]
) -> FileScan:
    statements = (ImportStatement(level, module, tuple(names)) for level, module, names in imports)
    return FileScan(digest, tuple(statements), tuple(data))


def _replace(path: Path, text: str) -> None:
    """Write a file in one step, so that no other process reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).replace(path)
