"""Circuits, arrays and tables as blobs: QPY, `.npy` without pickle, Parquet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from resources.backends.contract import BackendError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from qiskit import QuantumCircuit

    from resources.backends.contract import Blobs, Pub


def put_circuit(blobs: Blobs, circuit: QuantumCircuit) -> str:
    """Store a circuit as QPY and return its reference."""
    from qiskit import qpy

    stream = io.BytesIO()
    qpy.dump(circuit, stream)
    return blobs.put_blob(stream.getvalue(), "qpy")


def get_circuit(blobs: Blobs, ref: str) -> QuantumCircuit:
    """Load a circuit stored as QPY.

    Raises:
        BackendError: `data` where the blob is absent, damaged or not one circuit.
    """
    from qiskit import qpy

    try:
        circuits = qpy.load(io.BytesIO(blobs.get_blob(ref)))
    except Exception as error:
        raise _unreadable(ref, error, what="circuit") from error
    if len(circuits) != 1:
        msg = f"{ref} holds {len(circuits)} circuits; a pub needs exactly one"
        raise BackendError(error_class="data", message=msg)
    return circuits[0]


def put_array(blobs: Blobs, array: np.ndarray) -> str:
    """Store an array as `.npy` without pickle and return its reference."""
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(array), allow_pickle=False)
    return blobs.put_blob(stream.getvalue(), "npy")


def get_array(blobs: Blobs, ref: str) -> np.ndarray:
    """Load an array stored as `.npy`.

    Raises:
        BackendError: `data` where the blob is absent, damaged or not an array.
    """
    import numpy as np

    try:
        return np.load(io.BytesIO(blobs.get_blob(ref)), allow_pickle=False)
    except Exception as error:
        raise _unreadable(ref, error, what="array") from error


def put_table(blobs: Blobs, frame: pl.DataFrame) -> str:
    """Store a table as Parquet and return its reference."""
    stream = io.BytesIO()
    frame.write_parquet(stream, compression="zstd")
    return blobs.put_blob(stream.getvalue(), "parquet")


def get_table(blobs: Blobs, ref: str) -> pl.DataFrame:
    """Load a table stored as Parquet.

    Raises:
        BackendError: `data` where the blob is absent, damaged or not a table.
    """
    import polars as pl

    try:
        return pl.read_parquet(io.BytesIO(blobs.get_blob(ref)))
    except Exception as error:
        raise _unreadable(ref, error, what="table") from error


def parameter_rows(blobs: Blobs, pub: Pub) -> np.ndarray:
    """Parameter values of a pub, float64 (rows, parameters per row), all finite.

    Raises:
        BackendError: `structural` where they do not fit the pub, `data` where unreadable.
    """
    import numpy as np

    if pub.parameters_ref is None:
        return np.empty((pub.rows, 0))
    values = get_array(blobs, pub.parameters_ref)
    if values.dtype != np.float64 or values.ndim != 2 or values.shape[0] != pub.rows:  # noqa: PLR2004 - axes
        msg = (
            f"circuit {pub.circuit_id}: parameters are {values.dtype} {values.shape}; "
            f"give float64 ({pub.rows}, parameters per row)"
        )
        raise BackendError(error_class="structural", message=msg)
    if not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0][0])
        msg = (
            f"circuit {pub.circuit_id}: parameter row {row} is not finite; drop or repair that row"
        )
        raise BackendError(error_class="structural", message=msg)
    return values


def pair_rows(blobs: Blobs, pub: Pub) -> np.ndarray:
    """Index pairs of a pub, int64 (pairs, 2), each a parameter row of the pub.

    Raises:
        BackendError: `structural` where they do not fit the pub, `data` where unreadable.
    """
    import numpy as np

    if pub.pairs_ref is None:
        return np.empty((0, 2), dtype=np.int64)
    pairs = get_array(blobs, pub.pairs_ref)
    fits = pairs.dtype == np.int64 and pairs.shape == (pub.num_pairs, 2)
    if not fits or (pairs.size and (pairs.min() < 0 or pairs.max() >= pub.rows)):
        msg = (
            f"circuit {pub.circuit_id}: pairs are {pairs.dtype} {pairs.shape}; give int64 "
            f"({pub.num_pairs}, 2) with values from 0 to {pub.rows - 1}"
        )
        raise BackendError(error_class="structural", message=msg)
    return pairs


def _unreadable(ref: str, error: Exception, what: str) -> BackendError:
    msg = f"cannot read the {what} {ref}: {error}. Restore the blob or recompute what wrote it."
    return BackendError(error_class="data", message=msg)
