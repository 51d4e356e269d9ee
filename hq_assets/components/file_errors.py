"""Errors of a workload file that name the file, the line, what was given and what is allowed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from hq_assets.components.keys import section_of

LONGEST = 80
"""Characters shown of a value that was given."""


class WorkloadFileError(Exception):
    """A defs.yaml cannot be used; the message names file, line, what was given and what is allowed."""


def refuse(path: Path, keys: Sequence[str | int], message: str) -> WorkloadFileError:
    """The error for one place of a workload file.

    Args:
        path: The defs.yaml.
        keys: Path of keys from the top of the document to the place.
        message: What was given and what is allowed.
    """
    place = ".".join(str(key) for key in keys)
    return WorkloadFileError(f"{path}:{line_of(path, keys)}: {place}: {message}")


def refuse_invalid(
    path: Path, prefix: Sequence[str | int], error: ValidationError, model: type[BaseModel]
) -> WorkloadFileError:
    """All places of a pydantic error, one line each.

    Args:
        path: The defs.yaml.
        prefix: Keys from the top of the document to what was validated.
        error: What pydantic found.
        model: What it was validated against, for the keys that are allowed.
    """
    lines = []
    for item in error.errors():
        message = _message(item["type"], item["msg"], item["input"], item["loc"], model)
        keys = [*prefix, *item["loc"]]
        if item["type"] != "missing":
            # Where several types are allowed, pydantic ends the path with the one that did not fit.
            keys = keys[: max(depth_of(path, keys), len(prefix))]
        lines.append(str(refuse(path, keys, message)))
    return WorkloadFileError("\n".join(lines))


def _message(
    kind: str, text: str, given: Any, loc: Sequence[str | int], model: type[BaseModel]
) -> str:
    """What was given and what is allowed, in one sentence."""
    if kind == "missing":
        return "this key is missing"
    if kind == "extra_forbidden":
        return f"unknown key (given: {_short(given)}); allowed are: {', '.join(keys_at(model, loc[:-1]))}"
    text = text.removeprefix("Value error, ")
    if kind == "string_type" and isinstance(given, bool | int | float):
        text += "; put it in quotes, or YAML takes it for a number or a truth value"
    return f"{text} (given: {_short(given)})"


def keys_at(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Keys that a section may have, found by walking from the outermost model along a path of keys."""
    current: type[BaseModel] | None = model
    named = False
    for key in loc:
        if named:
            named = False  # the key is a name that the person gave, as of a profile or a feature
            continue
        field = current.model_fields.get(str(key)) if current else None
        current, named = section_of(field.annotation) if field else (None, False)
    return list(current.model_fields) if current else []


def line_of(path: Path, keys: Sequence[str | int]) -> int:
    """Line, counted from 1, of the deepest of the keys that the file contains."""
    lines = _lines_along(path, keys)
    return lines[-1] if lines else 1


def depth_of(path: Path, keys: Sequence[str | int]) -> int:
    """How many of the keys, from the first, the file contains below each other."""
    return len(_lines_along(path, keys))


def _lines_along(path: Path, keys: Sequence[str | int]) -> list[int]:
    """Lines of the keys along a path, until the first that the file lacks."""
    import yaml

    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    lines = []
    for key in keys:
        child = _child(node, key)
        if child is None:
            break
        line, node = child
        lines.append(line)
    return lines


def _child(node: Any, key: str | int) -> tuple[int, Any] | None:
    """Line and value node below a key of a mapping or an index of a sequence."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        value = node.value[key]
        return value.start_mark.line + 1, value
    return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
