"""Canonical form of the arrays and small objects that operations carry as parameters."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from hq_assets.lineage.parameter_expression import float_bits


def describe_array(array: Any) -> list[Any]:
    """Return an array as its canonical type, its shape and the hash of its values in C order.

    Raises:
        TypeError: Its items are not numbers.
    """
    import numpy as np

    canonical = {"c": "<c16", "f": "<f8", "i": "<i8", "u": "<u8", "b": "|u1"}.get(array.dtype.kind)
    if canonical is None:
        message = (
            f"An array of type {array.dtype} cannot be fingerprinted. "
            "Use complex, real, integer or boolean numbers."
        )
        raise TypeError(message)
    data = np.ascontiguousarray(array, dtype=canonical).tobytes()
    return ["array", canonical, list(array.shape), hashlib.sha256(data).hexdigest()]


def plain_fields(value: Any) -> dict[str, Any] | None:
    """Return the fields of a plain object (a modifier, an annotation, a duration), else None."""
    if hasattr(value, "unit") and hasattr(value, "value") and callable(value.unit):
        return {"value": float_bits(float(value.value())), "unit": value.unit()}
    if dataclasses.is_dataclass(value):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    namespace = getattr(value, "namespace", None)
    if isinstance(namespace, str):
        return {"namespace": namespace, **_slots(value), **getattr(value, "__dict__", {})}
    return None


def _slots(value: Any) -> dict[str, Any]:
    names: list[str] = []
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        names.extend([slots] if isinstance(slots, str) else slots)
    return {name: getattr(value, name) for name in names if hasattr(value, name)}
