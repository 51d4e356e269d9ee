"""The manifest: one JSON document per materialized result that says how it came to be.

The published schema `manifest.schema.json` lists every field; `docs/manifest.md` explains them. A
field is always present; one that is not known is null, and `null_reasons` says why.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hq_assets.lineage.unknown_fields import KNOWN_AT, NOT_YET_KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA_VERSION = "1.0"
_SCHEMA_FILE = Path(__file__).with_name("manifest.schema.json")
_REASONS = "null_reasons"


class ManifestError(ValueError):
    """A manifest is not what the schema asks for; the message names the field."""


def build_manifest(null_reasons: Mapping[str, str] | None = None, **known: Any) -> dict[str, Any]:
    """Return a complete, valid manifest of what is known.

    Args:
        null_reasons: Field → why it is null, where that differs from the usual reason. A part of a
            field is named with a dot, e.g. `shots.returned`.
        known: Field → value. A field that is left out or None becomes null with its reason.

    Raises:
        ManifestError: A field is unknown, a value does not fit the schema or is NaN, or something
            is null without a reason, be it given or usual at this stage.
    """
    fields = manifest_fields()
    unknown = sorted(set(known) - set(fields))
    if unknown:
        message = (
            f"A manifest has no field {', '.join(map(repr, unknown))}. "
            "Use the fields of manifest.schema.json, or add yours there and to docs/manifest.md."
        )
        raise ManifestError(message)
    document = {name: known.get(name) for name in fields if name != _REASONS}
    document["schema_version"] = {**(known.get("schema_version") or {}), "manifest": SCHEMA_VERSION}
    given = dict(null_reasons or {})
    stage = str(known.get("stage"))
    document[_REASONS] = {
        place: given[place] if place in given else _usual_reason(place, stage)
        for place in _nulls(document)
    }
    validate_manifest(document)
    return document


def rebuild_manifest(document: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a manifest with some fields changed, as for a cache hit; reasons of nulls stay.

    Raises:
        ManifestError: As for `build_manifest`.
    """
    kept = {name: value for name, value in document.items() if name != _REASONS}
    return build_manifest(document[_REASONS], **{**kept, **changes})


def validate_manifest(document: Mapping[str, Any]) -> None:
    """Check a manifest against the schema, and that nulls and reasons belong together.

    Raises:
        ManifestError: Names the field, what was given and what is needed.
    """
    error = next(iter(sorted(_validator().iter_errors(document), key=lambda e: list(e.path))), None)
    if error is not None:
        place = ".".join(map(str, error.absolute_path)) or "document"
        message = (
            f"The manifest's {place} does not fit the schema: {error.message[:300]}. "
            "Compare it with manifest.schema.json."
        )
        raise ManifestError(message)
    for place, number in _numbers(document, ""):
        if not math.isfinite(number):
            message = (
                f"The manifest's {place} is {number}, which JSON has not. "
                "Leave the field null and give the reason."
            )
            raise ManifestError(message)
    nulls, reasons = set(_nulls(document)), set(document[_REASONS])
    if nulls != reasons:
        place = sorted(nulls ^ reasons)[0]
        fault = "is null without a reason" if place in nulls else "has a reason but is not null"
        message = f"The manifest's {place} {fault}. Give values or reasons, never both or neither."
        raise ManifestError(message)


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """Return the one byte form of a document: sorted keys, no blanks, UTF-8.

    Raises:
        ValueError: The document holds NaN or infinity, which JSON has not.
    """
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


@lru_cache(maxsize=1)
def manifest_schema() -> dict[str, Any]:
    """Return the published JSON Schema (draft 2020-12); read it, do not change it."""
    return json.loads(_SCHEMA_FILE.read_text(encoding="utf-8"))


def manifest_fields() -> dict[str, str]:
    """Return field → meaning, in the order of the schema."""
    properties = manifest_schema()["properties"]
    return {name: entry["description"] for name, entry in properties.items()}


def fields_table() -> str:
    """Return the Markdown table of all fields that `docs/manifest.md` shows."""
    rows = [
        f"| `{name}` | {meaning} | {NOT_YET_KNOWN.get(name, 'never')} |"
        for name, meaning in manifest_fields().items()
    ]
    return "\n".join(["| Field | Meaning | Usual reason for null |", "|---|---|---|", *rows])


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(manifest_schema())


@lru_cache(maxsize=1)
def _parts() -> dict[str, tuple[str, ...]]:
    """Return field → its parts that the schema names; each may be null on its own."""
    properties = manifest_schema()["properties"]
    return {
        name: tuple(part for option in _options(entry) for part in option.get("properties", ()))
        for name, entry in properties.items()
    }


def _options(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and all that it refers to or offers as alternatives."""
    yield entry
    if "$ref" in entry:
        yield from _options(manifest_schema()["$defs"][entry["$ref"].rpartition("/")[2]])
    for option in entry.get("anyOf", ()):
        yield from _options(option)


def _nulls(document: Mapping[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        if value is None:
            yield name
        elif isinstance(value, dict):
            yield from (f"{name}.{part}" for part in _parts()[name] if value.get(part, "") is None)


def _usual_reason(place: str, stage: str) -> str:
    reason = NOT_YET_KNOWN.get(place)
    if reason is None or place in KNOWN_AT.get(stage, ()):
        message = (
            f"The manifest of a result of {stage} says nothing about {place}. "
            "Give its value, or its reason in null_reasons."
        )
        raise ManifestError(message)
    return reason


def _numbers(value: Any, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield place, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _numbers(item, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{place}.{index}")
