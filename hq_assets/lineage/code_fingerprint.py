"""Version of the code behind an asset: standard library only, and it never imports what it reads.

The version of a module is a hash over the syntax trees, without docstrings and comments, of the
module and of every first-party module that it imports directly or through others, over a part of
the settings, and over the versions of the third-party packages imported anywhere there.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_assets.lineage.kept_scans import keep, scan_file
from hq_assets.lineage.syntax_tree import FileScan, ImportStatement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIRST_PARTY = ("hq_assets", "resources", "sensors")
"""Packages whose source is part of a version; all others count by their version number."""

ABSENT = "absent"
"""Version of a package that is imported but not installed."""

_FORMAT = 1
_ROOT = str(Path(__file__).resolve().parents[2])
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
    "upath": "universal-pathlib",
    "dateutil": "python-dateutil",
    "PIL": "pillow",
}
"""Import names that differ from their distribution's name beyond case, dash and underscore."""


@dataclass(frozen=True)
class CodeClosure:
    """Everything that a code version is made of; two closures are compared to explain a change.

    Attributes:
        module: The module that was asked for.
        modules: First-party module → SHA-256 of its tree, hex, sorted by name; `module:file` → SHA-256 of a
            data file that the module names and that stands beside it.
        missing: First-party modules that are imported but have no file.
        packages: Third-party import name → version, or `absent`.
        settings: Canonical JSON of the settings.
    """

    module: str
    modules: Mapping[str, str]
    missing: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    settings: str = "null"

    @property
    def version(self) -> str:
        """SHA-256 over all of it and the Python version, hex."""
        body = {
            "format": _FORMAT,
            "python": list(sys.version_info[:2]),
            "module": self.module,
            "modules": dict(self.modules),
            "missing": self.missing,
            "packages": dict(self.packages),
            "settings": self.settings,
        }
        return hashlib.sha256(
            json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest()


def code_version(
    module: str,
    *,
    also: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    packages_extra: Sequence[str] = (),
    stop_at: Sequence[str] = (),
    root: str | None = None,
    first_party: Sequence[str] = FIRST_PARTY,
) -> str:
    """Return the version of the code behind a module, hex; arguments as in `code_closure`."""
    return code_closure(
        module,
        also=also,
        settings=settings,
        packages_extra=packages_extra,
        stop_at=stop_at,
        root=root,
        first_party=first_party,
    ).version


def code_closure(
    module: str,
    *,
    also: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    packages_extra: Sequence[str] = (),
    stop_at: Sequence[str] = (),
    root: str | None = None,
    first_party: Sequence[str] = FIRST_PARTY,
) -> CodeClosure:
    """Collect what the code behind a module is made of.

    Args:
        module: Dotted name of a first-party module.
        also: Modules that it reaches by name at run time (e.g. the verb module of a problem kind),
            which no import statement shows.
        settings: The part of the settings that the code obeys, JSON-able.
        packages_extra: Import or distribution names of packages used without an import statement.
        stop_at: Module prefixes that are neither hashed nor followed. A change behind them leaves
            the version as it is, so name only modules that cannot change what the asset holds.
        root: Folder that holds the first-party packages; by default the one of this installation.
        first_party: Names of the first-party packages.

    Raises:
        ModuleNotFoundError: `module` or one of `also` has no file.
        SyntaxError: A file of the closure is not valid Python.
        ValueError: The settings have no canonical JSON.
    """
    search = _Search(root or _ROOT, frozenset(first_party), tuple(f"{stop}." for stop in stop_at))
    for name in (module, *also):
        search.start(name)
    search.follow()
    keep()
    versions = {name: package_version(name) for name in sorted({*search.packages, *packages_extra})}
    return CodeClosure(
        module=module,
        modules=dict(sorted(search.modules.items())),
        missing=tuple(sorted(search.missing)),
        packages=versions,
        settings=_canonical_settings(settings),
    )


class _Found(NamedTuple):
    path: str
    mtime_ns: int
    size: int

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")


@dataclass
class _Search:
    """One walk over the import graph; within it every module is looked up once."""

    root: str
    first_party: frozenset[str]
    stop_at: tuple[str, ...]
    modules: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    _waiting: list[str] = field(default_factory=list)
    _found: dict[str, _Found | None] = field(default_factory=dict)

    def start(self, module: str) -> None:
        if module.partition(".")[0] not in self.first_party or self._locate(module) is None:
            message = (
                f"No source file of the module {module!r} was found under {self.root}. "
                f"Name a module of the packages {', '.join(sorted(self.first_party))}."
            )
            raise ModuleNotFoundError(message, name=module)
        self._waiting.append(module)

    def follow(self) -> None:
        while self._waiting:
            module = self._waiting.pop()
            if module in self.modules:
                continue
            found = self._locate(module)
            if found is None:
                self.missing.add(module)
                continue
            scan = scan_file(*found)
            self.modules[module] = scan.digest
            self._add_data(module, found.path, scan.data)
            links = _links(module, scan, found.is_package, self.first_party)
            self.packages.update(links.packages)
            self._waiting.extend(filter(self._new, links.modules))
            for package, names in links.members:
                if self._is_package(package):
                    members = [f"{package}.{name}" for name in names]
                    self._waiting.extend(m for m in filter(self._locate, members) if self._new(m))

    def _add_data(self, module: str, path: str, names: tuple[str, ...]) -> None:
        """Count the data files that stand beside a module and are named in it."""
        for name in names:
            file = Path(path).with_name(Path(name).name)
            if file.is_file():
                self.modules[f"{module}:{name}"] = hashlib.sha256(file.read_bytes()).hexdigest()

    def _new(self, module: str) -> bool:
        return module not in self.modules and not f"{module}.".startswith(self.stop_at)

    def _is_package(self, module: str) -> bool:
        found = self._locate(module)
        return found is not None and found.is_package

    def _locate(self, module: str) -> _Found | None:
        if module not in self._found:
            stem = f"{self.root}{os.sep}{module.replace('.', os.sep)}"
            self._found[module] = _find(f"{stem}.py") or _find(f"{stem}{os.sep}__init__.py")
        return self._found[module]


def _find(path: str) -> _Found | None:
    try:
        # Runs for each module of each stage, and pathlib costs several times as much.
        facts = os.stat(path)  # noqa: PTH116 - as above
    except OSError:
        return None
    return _Found(path, facts.st_mtime_ns, facts.st_size)


@dataclass(frozen=True)
class _Links:
    """What one module reaches: first-party modules, names that may be modules, packages."""

    modules: tuple[str, ...]
    members: tuple[tuple[str, tuple[str, ...]], ...]
    packages: frozenset[str]


@lru_cache(maxsize=4096)
def _links(module: str, scan: FileScan, is_package: bool, first_party: frozenset[str]) -> _Links:
    parent = module.rpartition(".")[0]
    modules = [parent] if parent else []
    members: list[tuple[str, tuple[str, ...]]] = []
    packages: set[str] = set()
    for statement in scan.imports:
        target = _absolute(statement, module, is_package=is_package)
        top = target.partition(".")[0]
        if top in first_party:
            modules.append(target)
            if statement.names:
                members.append((target, statement.names))
        elif top not in sys.stdlib_module_names:
            packages.add(top)
    return _Links(tuple(modules), tuple(members), frozenset(packages))


def _absolute(statement: ImportStatement, module: str, *, is_package: bool) -> str:
    if statement.level == 0:
        return statement.module or ""
    parts = module.split(".")
    up = statement.level - 1 if is_package else statement.level
    base = parts[: len(parts) - up]
    return ".".join([*base, statement.module] if statement.module else base)


@lru_cache(maxsize=1024)
def package_version(name: str) -> str:
    """Return the installed version of a package by import or distribution name, or `absent`.

    Looked up once per process: what is already imported does not change by a later installation.
    """
    try:
        return _stated_version(metadata.distribution(_DISTRIBUTIONS.get(name, name)))
    except metadata.PackageNotFoundError:
        pass
    if PathFinder.find_spec(name.partition(".")[0]) is None:
        return ABSENT
    # The table of all distributions takes 0.3 s: read only for a package that is really there.
    owners = _owners().get(name, [])
    return (
        ",".join(f"{owner}={metadata.version(owner)}" for owner in sorted(set(owners)))
        or "unversioned"
    )


def _stated_version(distribution: metadata.Distribution) -> str:
    """Read the header's line; `Distribution.version` parses the whole README, 2 ms each."""
    for line in (distribution.read_text("METADATA") or "").splitlines():
        if line.startswith("Version:"):
            return line.partition(":")[2].strip()
        if not line:
            break
    return distribution.version


@lru_cache(maxsize=1)
def _owners() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _canonical_settings(settings: Mapping[str, Any] | None) -> str:
    try:
        return json.dumps(settings, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        message = (
            f"The settings have no canonical JSON ({error}). "
            "Pass numbers, texts, lists and mappings only."
        )
        raise ValueError(message) from error
