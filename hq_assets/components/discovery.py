"""Finding the workloads of the project: every folder of hq_assets/workloads with a defs.yaml."""

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
    tree = dg.ComponentTree.for_project(root or project_root())
    try:
        definitions = tree.build_defs()
    except Exception as error:
        problem = explain(error, tree.defs_module_path)
        if problem is None:
            raise
        raise problem from error
    specs = [component.loaded_spec() for component in tree.get_all_components(HybridWorkload)]
    return LoadedWorkloads(definitions, sorted(specs, key=lambda spec: spec.name))
