"""Errors of a workload file that name the file, the line, what was given and what is allowed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

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
    path: Path, prefix: Sequence[str | int], error: ValidationError
) -> WorkloadFileError:
    """All places of a pydantic error, one line each."""
    lines = []
    for item in error.errors():
        keys = [*prefix, *item["loc"]]
        given = "" if item["type"] == "missing" else f" (given: {_short(item['input'])})"
        lines.append(str(refuse(path, keys, f"{item['msg']}{given}")))
    return WorkloadFileError("\n".join(lines))


def line_of(path: Path, keys: Sequence[str | int]) -> int:
    """Line, counted from 1, of the deepest of the keys that the file contains."""
    import yaml

    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    line = 1
    for key in keys:
        child = _child(node, key)
        if child is None:
            break
        line, node = child
    return line


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
