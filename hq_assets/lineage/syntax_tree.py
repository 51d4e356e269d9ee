"""Canonical form of one Python file: a hash of its syntax tree and the imports that it makes.

Two files have the same hash exactly when their trees are equal apart from bare string statements
(docstrings and notes on attributes, which no program can observe except as `__doc__`), positions,
comments and layout. The file is read and parsed, never imported.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import marshal
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MARSHAL_VERSION = 2
"""Without references: whether two equal strings are one object must not show in the bytes."""

_DATA_SUFFIXES = (".json", ".yaml", ".csv", ".toml")
"""Endings of data files that code reads from its own folder."""

_IGNORED_FIELDS = {"ctx", "kind", "type_comment", "type_ignores"}
"""The context follows from the position, `kind` is the `u` of u'', type comments are comments."""


@dataclass(frozen=True)
class ImportStatement:
    """One import as it is written.

    Attributes:
        level: Leading dots; 0 is an absolute import.
        module: `a.b` of `from a.b import c` and of `import a.b`; None for `from . import c`.
        names: Imported names of the `from` form; empty for `import a.b`.
    """

    level: int
    module: str | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileScan:
    """What a file says.

    Attributes:
        digest: SHA-256 of the canonical tree, hex.
        imports: Imports that can run, those in bodies included; what stands under
            `if TYPE_CHECKING` never runs and is left out.
        data: Texts in the code that name a data file, sorted; one that stands beside the file is read
            by it.
    """

    digest: str
    imports: tuple[ImportStatement, ...]
    data: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash(self.digest)  # cheap, because scans are cache keys; equal trees import alike


def scan_source(source: str | bytes, filename: str = "<source>") -> FileScan:
    """Return the scan of a source text.

    Raises:
        SyntaxError: The text is not Python of this interpreter.
    """
    imports: list[ImportStatement] = []
    with _collector_paused():
        tokens: list[Any] = []
        _flatten([ast.parse(source, filename)], tokens, imports)
        digest = hashlib.sha256(marshal.dumps(tokens, _MARSHAL_VERSION)).hexdigest()
    named = {text for text in tokens if text.__class__ is str and text.endswith(_DATA_SUFFIXES)}
    return FileScan(digest, tuple(dict.fromkeys(imports)), tuple(sorted(named)))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Trees hold no cycles, and collecting while they grow doubles the time of parsing."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _reader(cls: type[ast.AST]) -> tuple[str, int, Callable[[Any], Any] | None]:
    fields = [name for name in cls._fields if name not in _IGNORED_FIELDS]
    fields.reverse()  # the stack turns them around again
    return cls.__name__, len(fields), attrgetter(*fields) if fields else None


_READERS = {
    cls: _reader(cls)
    for cls in vars(ast).values()
    if isinstance(cls, type) and issubclass(cls, ast.AST)
}


def _flatten(  # noqa: C901 - one loop, because a call per node would double the time
    stack: list[Any], tokens: list[Any], imports: list[ImportStatement] | None
) -> None:
    """Append the pre-order form of the nodes on the stack to `tokens`.

    A node gives its class name and then its fields in order, a list gives its length first, so the
    tree can be read back from the tokens: equal tokens mean equal trees. Iterative, because a long
    sum of terms is nested deeper than Python's recursion limit.
    """
    pop, push, extend, emit = stack.pop, stack.append, stack.extend, tokens.append
    while stack:
        node = pop()
        cls = node.__class__
        if cls is ast.Name:  # a third of all nodes; the general way would give the same tokens
            emit("Name")
            emit(node.id)
            continue
        if cls is list:
            if node and isinstance(node[0], ast.stmt):
                node = _without_strings(node)
            emit(len(node))
            if node:
                extend(node[::-1])
            continue
        reader = _READERS.get(cls)
        if reader is None:
            emit(node)
            continue
        name, count, read = reader
        emit(name)
        if cls is ast.If and _is_type_checking(node.test):
            _flatten([node.body, node.test], tokens, None)
            push(node.orelse)
            continue
        if imports is not None and (cls is ast.Import or cls is ast.ImportFrom):
            imports.extend(_statements(node))
        if count == 1 and read is not None:
            push(read(node))
        elif read is not None:
            extend(read(node))


def _without_strings(body: list[ast.stmt]) -> list[ast.stmt]:
    kept = [
        statement
        for statement in body
        if not (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        )
    ]
    return kept or [ast.Pass()]


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _statements(node: ast.Import | ast.ImportFrom) -> list[ImportStatement]:
    if isinstance(node, ast.Import):
        return [ImportStatement(0, alias.name) for alias in node.names]
    return [ImportStatement(node.level, node.module, tuple(alias.name for alias in node.names))]
