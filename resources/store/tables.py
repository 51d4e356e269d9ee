"""Tables and arrays as blobs: Parquet written in streams, `.npy` without pickle."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from resources.store.artifact import TableEntry
from resources.store.errors import CorruptArtifact, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import polars as pl

    from resources.store.blobs import BlobStore


def put_table(
    blobs: BlobStore, frame: pl.DataFrame | pl.LazyFrame, exclude_from_hash: Sequence[str] = ()
) -> TableEntry:
    """Store a table; a lazy one is streamed to disk and never collected.

    The content hash is of canonical values as read back from the file written; columns named in
    `exclude_from_hash` (those that the table has) are stored and not hashed.

    Raises:
        StoreError: The table cannot be written.
    """
    import polars as pl

    from hq_assets.lineage.table_fingerprint import table_fingerprint

    with blobs.place.staged() as staged:
        _sink(frame.lazy(), staged, str(blobs.place.root))
        written = pl.scan_parquet(staged)
        columns = {name: str(dtype) for name, dtype in written.collect_schema().items()}
        rows = int(written.select(pl.len()).collect().item())
        volatile = tuple(name for name in exclude_from_hash if name in columns)
        content_hash = table_fingerprint(staged, exclude=volatile)
        ref = blobs.adopt_file(staged, "parquet")
    return TableEntry(content_hash=content_hash, ref=ref, rows=rows, columns=columns)


def scan_table(blobs: BlobStore, entry: TableEntry) -> pl.LazyFrame:
    """Return a stored table lazily.

    Raises:
        MissingEntry: Its blob is not in the store.
    """
    import polars as pl

    return pl.scan_parquet(blobs.local_path(entry.ref))


def put_array(blobs: BlobStore, array: np.ndarray) -> str:
    """Store an array of numbers as `.npy` and return its reference.

    Raises:
        StoreError: The array holds Python objects, which only pickle could store.
    """
    import numpy as np

    if array.dtype.hasobject:
        msg = (
            f"An array of {array.dtype} would need pickle. Convert it to a numeric or fixed-width "
            "type."
        )
        raise StoreError(msg)
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return blobs.put_blob(stream.getvalue(), "npy")


def get_array(blobs: BlobStore, ref: str) -> np.ndarray:
    """Return a stored array after checking its hash.

    Raises:
        CorruptArtifact: The bytes are not those stored, or are no array.
        MissingEntry: The blob is not in the store.
    """
    import numpy as np

    data = blobs.get_blob(ref)
    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError) as error:
        msg = (
            f"Blob {ref} at {blobs.blob_path(ref)} is no array of numbers. Give the reference "
            "that put_array returned."
        )
        raise CorruptArtifact(msg) from error


def _sink(frame: pl.LazyFrame, path: Path, root: str) -> None:
    import polars as pl

    try:
        frame.sink_parquet(path)
    except OSError as error:
        raise StoreError(_cannot_write(root, error)) from error
    except pl.exceptions.ComputeError as error:
        # Polars wraps a failed write of the Parquet encoder without its error number.
        if "underlying IO error" not in str(error):
            raise
        raise StoreError(_cannot_write(root, error)) from error


def _cannot_write(root: str, error: Exception) -> str:
    return (
        f"Could not write a table into the store {root}: {error}. "
        "Check the inputs and the free space and run again; nothing half-written is visible."
    )
