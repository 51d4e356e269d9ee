"""Measures of a request's payload: its size, and the range of the values in it."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from resources.backends.contract import Blobs, ExecutionRequest


class ValueRange(NamedTuple):
    """Smallest and largest parameter value, and how many are not finite."""

    low: float
    high: float
    not_finite: int


def payload_bytes(blobs: Blobs, request: ExecutionRequest) -> int:
    """Bytes of the request and of everything that it refers to, each counted once."""
    refs = {
        ref
        for pub in request.pubs
        for ref in (pub.circuit_ref, pub.parameters_ref, pub.pairs_ref)
        if ref is not None
    }
    return len(request.model_dump_json()) + sum(len(blobs.get_blob(ref)) for ref in refs)


def value_range(blobs: Blobs, request: ExecutionRequest) -> ValueRange | None:
    """Range of all parameter values of a request, or None where it has none."""
    import numpy as np

    low, high, not_finite, found = math.inf, -math.inf, 0, False
    for ref in {pub.parameters_ref for pub in request.pubs if pub.parameters_ref is not None}:
        array = np.load(io.BytesIO(blobs.get_blob(ref)), allow_pickle=False)
        finite = array[np.isfinite(array)]
        not_finite += array.size - finite.size
        found = found or array.size > 0
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return ValueRange(low, high, not_finite) if found else None
