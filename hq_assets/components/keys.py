"""Every key that a defs.yaml may have, read from the models that validate it, as rows of a table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

NAME = "NAME"
"""Stands in a path for a name that the person gives, as of a profile or a feature."""

WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Any: "any value",
}
SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        path: Keys from the top of the section, with dots between.
        allowed: What may be given.
        default: What holds where the key is absent, as YAML; `required` where it must be there.
        meaning: One sentence.
    """

    path: str
    allowed: str
    default: str
    meaning: str


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[Key]:
    """Every key of a model and of the sections in it, in the order of declaration."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        section, named = section_of(field.annotation)
        if section is None:
            yield Key(path, allowed_of(field), default_of(field), field.description or "")
            continue
        under = f"{path}.{NAME}" if named else path
        meaning = field.description or first_line(section)
        yield Key(path, "one section per name" if named else "section", default_of(field), meaning)
        yield from keys_of(section, f"{under}.")


def section_of(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model that an annotation holds, and whether a name of the person's choice stands before it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for part in get_args(annotation):
        section, named = section_of(part)
        if section is not None:
            return section, named or get_origin(annotation) is dict
    return None, False


def allowed_of(field: FieldInfo) -> str:
    """What may be given for a key: the words of its type and its limits."""
    limits = [
        f"{sign} {getattr(entry, name)}"
        for entry in field.metadata
        for name, sign in SIGNS.items()
        if getattr(entry, name, None) is not None
    ]
    return " ".join([words_of(field.annotation), ", ".join(limits)]).strip()


def words_of(annotation: Any) -> str:
    """A type in words."""
    if annotation in WORDS:
        return WORDS[annotation]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in parts)
    if origin in (dict, list, tuple):
        return _words_of_container(origin, parts)
    if hasattr(annotation, "__metadata__"):
        return words_of(annotation.__origin__)
    return " or ".join(words_of(part) for part in parts if part is not NoneType)


def _words_of_container(origin: type, parts: tuple[Any, ...]) -> str:
    if origin is dict:
        return f"mapping of names to {words_of(parts[1])}"
    if origin is list or parts[-1] is Ellipsis:
        return f"list of {words_of(parts[0])}"
    return f"[{', '.join(words_of(part) for part in parts)}]"


def default_of(field: FieldInfo) -> str:
    """The default as YAML in one line; an absent key of no value is `none`."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined:
        return "none"
    if isinstance(value, BaseModel):
        return "as below"
    return f"`{json.dumps(value)}`"


def first_line(model: type[BaseModel]) -> str:
    """The first sentence of a model's docstring."""
    return (model.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def keys_table(model: type[BaseModel], prefix: str = "") -> str:
    """The keys as a Markdown table."""
    rows = [
        f"| `{key.path}` | {key.allowed} | {key.default} | {key.meaning.rstrip('.')} |"
        for key in keys_of(model, prefix)
    ]
    return "\n".join(["| Key | Allowed | Default | Meaning |", "|---|---|---|---|", *rows])
