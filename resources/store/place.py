"""One root folder or bucket, written atomically and durably; it knows names and bytes."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from resources.store.errors import MissingEntry, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upath import UPath

CHUNK_BYTES = 1 << 20
INCOMING = "incoming"
"""Folder of files being written; on the root's file system, so a rename out of it is atomic."""


class Place:
    """Files under one root, named by relative paths with `/`.

    On a folder a file appears by rename or hard link after its bytes were synced; on an object
    store a put is atomic by itself, so a plain put is enough.
    """

    def __init__(self, root: str | Path | UPath) -> None:
        from upath import UPath

        self.root: UPath = UPath(root)
        self._folder = Path(self.root.path) if self.root.protocol in {"", "file", "local"} else None
        self._scratch: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether the root is a folder of this machine."""
        return self._folder is not None

    def path(self, name: str) -> UPath:
        """Where a name lies."""
        return self.root / name

    def local(self, name: str) -> Path:
        """The same as a local path; only for a root that is a folder."""
        if self._folder is None:
            msg = f"{self.root} is not a local folder. Read {name} through the store instead."
            raise StoreError(msg)
        return self._folder / name

    def exists(self, name: str) -> bool:
        """Whether a file of this name is visible."""
        with self._explained("look for", name):
            if self._folder is not None:
                return (self._folder / name).is_file()
            return self.path(name).is_file()

    def size(self, name: str) -> int:
        """Bytes of a file."""
        with self._explained("look for", name):
            return self.path(name).stat().st_size

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            MissingEntry: There is no such file.
            StoreError: It cannot be read.
        """
        with self._explained("read", name):
            return self.path(name).read_bytes()

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file piece by piece, so that its size does not matter."""
        with self._explained("read", name), self.path(name).open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk

    def names(self, folder: str) -> list[str]:
        """Sorted names of the files in a folder; none if it does not exist."""
        with self._explained("list", folder):
            try:
                return sorted(path.name for path in self.path(folder).iterdir())
            except (FileNotFoundError, NotADirectoryError):
                return []

    def create(self, name: str, data: bytes) -> bool:
        """Write a file unless one of this name exists; return whether this call wrote it."""
        with self._explained("write", name):
            if self._folder is None:
                try:
                    self.root.fs.pipe_file(self.path(name).path, data, mode="create")
                except FileExistsError:
                    return False
                return True
            with self.staged() as staged:
                staged.write_bytes(data)
                return self._link(staged, self._folder / name)

    def replace(self, name: str, data: bytes) -> None:
        """Write a file, over an earlier one of this name if there is one."""
        with self._explained("write", name), self.staged() as staged:
            staged.write_bytes(data)
            self.adopt(staged, name)

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """Give a local path to write to before `adopt`; what is left there is removed."""
        folder = self._incoming()
        path = folder / f"{os.getpid()}-{uuid.uuid4().hex}.tmp"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def adopt(self, staged: Path, name: str) -> None:
        """Make a staged file visible under its name, durably."""
        with self._explained("write", name):
            if self._folder is None:
                self.root.fs.put_file(str(staged), self.path(name).path)
                return
            target = self._folder / name
            _sync(staged)
            _make_folder(target.parent)
            staged.replace(target)
            _sync(target.parent)

    def sweep(self, older_than_seconds: float) -> int:
        """Remove files that writers left behind when they were killed; return how many."""
        folder = self._incoming()
        newest = time.time() - older_than_seconds
        swept = 0
        for path in folder.glob("*.tmp"):
            try:
                if path.stat().st_mtime <= newest:
                    path.unlink()
                    swept += 1
            except FileNotFoundError:  # its writer finished meanwhile
                continue
        return swept

    def scratch(self) -> Path:
        """A private local folder for copies from an object store; it goes with this object."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="artifacts-"))
            weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
        return self._scratch

    def _incoming(self) -> Path:
        if self._folder is None:
            return self.scratch()
        folder = self._folder / INCOMING
        with self._explained("create", INCOMING):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    @staticmethod
    def _link(staged: Path, target: Path) -> bool:
        """Link a staged file to its name, which fails atomically if the name is taken."""
        _sync(staged)
        _make_folder(target.parent)
        try:
            target.hardlink_to(staged)
        except FileExistsError:
            return False
        except (PermissionError, NotImplementedError, OSError) as error:
            if not _links_are_unsupported(error) or target.exists():
                raise
            # Without hard links two first writers may both win; their contents agree.
            staged.replace(target)
        _sync(target.parent)
        return True

    @contextmanager
    def _explained(self, verb: str, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            msg = (
                f"{name} is not in the store {self.root}. Recompute what produced it, or restore "
                "it."
            )
            raise MissingEntry(msg) from error
        except OSError as error:
            msg = (
                f"Could not {verb} {name} in the store {self.root}: {error.strerror or error}. "
                "Give the store a writable place with free space and run again; nothing "
                "half-written is visible."
            )
            raise StoreError(msg) from error


def _links_are_unsupported(error: Exception) -> bool:
    import errno

    codes = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
    return isinstance(error, NotImplementedError) or getattr(error, "errno", None) in codes


def _make_folder(folder: Path) -> None:
    """Create a folder and its parents and sync their names: a crash could take the files away."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
