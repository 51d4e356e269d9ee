"""Finding the workloads of the project: every folder of hq_assets/workloads with a defs.yaml."""

import importlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from hq_assets.components.file_check import explain
from hq_assets.components.hybrid_workload import HybridWorkload
from hq_assets.stages.spec import WorkloadSpec
from resources.home import project_root


@dataclass(frozen=True)
class LoadedWorkloads:
    """What the workload folders declare.

    Attributes:
        definitions: Assets, checks, jobs and schedules of all workloads, without resources.
        specs: The workloads, sorted by name.
    """

    definitions: dg.Definitions
    specs: Sequence[WorkloadSpec]


def load_workloads(root: Path | None = None) -> LoadedWorkloads:
    """Load every workload of a project through Dagster's component tree.

    Args:
        root: Folder with the pyproject.toml that names the workloads' package; by default this project.

    Raises:
        WorkloadFileError: A defs.yaml is wrong; the message names file, line, given and allowed.
    """
    tree = component_tree(root or project_root())
    try:
        definitions = dg.Definitions.merge(
            # The folder, not the root: the root adds a description of every component type that any
            # installed package offers, which takes longer than all workloads and which nothing here reads.
            tree.build_defs(tree.defs_module_path),
            dg.Definitions(component_tree=tree),
        )
    except Exception as error:
        problem = explain(error, tree.defs_module_path)
        if problem is None:
            raise
        raise problem from error
    specs = [component.loaded_spec() for component in tree.get_all_components(HybridWorkload)]
    return LoadedWorkloads(definitions, sorted(specs, key=lambda spec: spec.name))


def component_tree(root: Path) -> dg.ComponentTree:
    """Dagster's component tree of the package that a project's pyproject.toml names.

    The same as `ComponentTree.for_project`, which reads the file twice with a parser that keeps comments.
    """
    document = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    package = document["tool"]["dg"]["project"]["defs_module"]
    return dg.ComponentTree.from_module(importlib.import_module(package), root)
