"""`hq new`: a workload of one's own begins as the copy of another one's defs.yaml."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from hq_assets.components.names import name_problem
from resources.home import project_root

SOURCE_NOTE = """\
# Source of the data

- **Origin**: who published the data, where, under which identifier.
- **Licence**: under which terms it may be used here.
- **Citation**: how its publisher wants to be named.
- **How it was written**: what was changed between the publisher's copy and these files.
"""


class ScaffoldProblem(Exception):  # noqa: N818 - what the person asked for, not a fault
    """A workload cannot be begun as asked."""


@dataclass(frozen=True)
class Begun:
    """A workload that was begun.

    Attributes:
        folder: Its folder.
        steps: What the person does next, in order.
    """

    folder: Path
    steps: tuple[str, ...]


def workloads_folder() -> Path:
    """Folder of the workloads of this project."""
    return project_root() / "hq_assets" / "workloads"


def begin_workload(name: str, origin: str, folder: Path) -> Begun:
    """Copy the defs.yaml of a workload, with its comments, and make an empty `data/` beside it.

    Args:
        name: Name of the new workload.
        origin: Name of the workload whose file is copied.
        folder: Folder of the workloads.

    Raises:
        ScaffoldProblem: The name cannot be used or is taken, or the other workload does not exist.
    """
    problem = name_problem(name)
    if problem is not None:
        raise ScaffoldProblem(problem)
    known = sorted(path.parent.name for path in folder.glob("*/defs.yaml"))
    if origin not in known:
        message = f"No workload is named '{origin}'. Known are: {', '.join(known)}."
        raise ScaffoldProblem(message)
    target = folder / name
    try:
        target.mkdir()
    except FileExistsError as error:
        message = f"{target} exists already. Choose another name, or edit what is there."
        raise ScaffoldProblem(message) from error
    except OSError as error:
        message = (
            f"{target} cannot be made ({error.strerror}). Give this user the right to write there."
        )
        raise ScaffoldProblem(message) from error
    _fill(target, folder / origin / "defs.yaml")
    return Begun(target, _steps(name, target, origin))


def _fill(target: Path, original: Path) -> None:
    """Write the content of the new folder, the defs.yaml last, because it makes the folder a workload."""
    try:
        (target / "data").mkdir()
        (target / "data" / "SOURCE.md").write_text(SOURCE_NOTE, encoding="utf-8")
        note = (
            f"# Begun as a copy of {original.parent.name}: what speaks of its data wants editing.\n"
        )
        text = note + original.read_text(encoding="utf-8")
        (target / "defs.yaml").write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        message = f"{target} cannot be written ({error.strerror}). Nothing was left; free the disk and try again."
        raise ScaffoldProblem(message) from error


def _steps(name: str, target: Path, origin: str) -> tuple[str, ...]:
    return (
        f"Put your files into {target / 'data'} and say in SOURCE.md where they come from.",
        f"Edit {target / 'defs.yaml'}: description, charter, problem, profiles (all still those of {origin}).",
        f"Check with `hq plan {name}`: a mistake is named with file and line.",
        f"Compute with `hq run {name}`.",
        "Every key and every error: docs/add-a-workload.md.",
    )
