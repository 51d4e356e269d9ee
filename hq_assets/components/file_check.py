"""Why a defs.yaml could not be loaded, as one error that names file, line, given and allowed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hq_assets.components.file_errors import WorkloadFileError, refuse, refuse_invalid
from hq_assets.components.hybrid_workload import HybridWorkload

TYPE = f"{HybridWorkload.__module__}.{HybridWorkload.__name__}"
TOP = ("type", "attributes")


def explain(error: BaseException, folder: Path) -> WorkloadFileError | None:
    """What is wrong with the workload files, after loading them failed; None if they are not the cause.

    Dagster says where in its own tree an error arose. A person wants the place in the file, so the files
    are read once more without Dagster.

    Args:
        error: What loading raised.
        folder: Folder of the workloads.
    """
    for cause in causes(error):
        if isinstance(cause, WorkloadFileError):
            return cause
    for file in sorted(folder.glob("*/defs.yaml")):
        try:
            check_file(file)
        except WorkloadFileError as problem:
            return problem
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what caused it, the outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def check_file(file: Path) -> None:
    """Check syntax and every section of one defs.yaml, without its data and without Dagster.

    Raises:
        WorkloadFileError: The file is no YAML, or a key or value is wrong.
    """
    document = read_document(file)
    if not isinstance(document, dict):
        raise refuse(file, [], f"the file holds no keys; it needs: {', '.join(TOP)}")
    for key in document:
        if key not in TOP:
            raise refuse(file, [key], f"unknown key; allowed are: {', '.join(TOP)}")
    if document.get("type") != TYPE:
        raise refuse(
            file, ["type"], f"'{document.get('type')}' is no known type; allowed is: {TYPE}"
        )
    try:
        HybridWorkload.model_validate(document.get("attributes") or {})
    except ValidationError as error:
        raise refuse_invalid(file, ["attributes"], error, HybridWorkload) from error


def read_document(file: Path) -> Any:
    """The content of a YAML file.

    Raises:
        WorkloadFileError: The file is not UTF-8, or no YAML; the message names the line.
    """
    import yaml

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        message = f"{file}:1: the file is not UTF-8 text; save it in that encoding"
        raise WorkloadFileError(message) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = (
            f"{file}:{line}: no valid YAML: {error.problem}; "
            "look at indentation, brackets and colons here and one line above"
        )
        raise WorkloadFileError(message) from error
    except yaml.YAMLError as error:
        message = f"{file}:1: no valid YAML: {error}"
        raise WorkloadFileError(message) from error
