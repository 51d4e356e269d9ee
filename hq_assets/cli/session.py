"""What one command works with: the definitions, the workloads chosen, and the plan."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from hq_assets.cli.outside import Choice
from hq_assets.cli.running import Plan, make_plan
from hq_assets.components.discovery import load_workloads
from hq_assets.stages.request import RunRequest
from hq_assets.stages.spec import WorkloadSpec
from resources.backends.contract import BackendError


class UsageProblem(Exception):  # noqa: N818 - what the person asked for, not a fault
    """What was asked for cannot be done as asked."""


@dataclass(frozen=True)
class Session:
    """Definitions, chosen workloads and plan.

    Attributes:
        definitions: Everything that the code location offers.
        specs: The chosen workloads.
        choice: Backend and profile chosen for this run.
        plan: What is stale.
    """

    definitions: dg.Definitions
    specs: Sequence[WorkloadSpec]
    choice: Choice
    plan: Plan

    @classmethod
    def open(
        cls, request: RunRequest, instance: dg.DagsterInstance, project: Path | None = None
    ) -> "Session":
        """Load the definitions and compare them with what is recorded.

        Args:
            request: What is asked.
            instance: Where runs are recorded.
            project: Folder with the pyproject.toml that names the workloads; by default this project.

        Raises:
            UsageProblem: An unknown workload, profile or backend.
            WorkloadFileError: A defs.yaml is wrong.
        """
        from hq_assets.definitions import bind

        loaded = load_workloads(project)
        specs = _chosen(loaded.specs, request.workloads)
        _check_profile(specs, request.profile or os.environ.get("HQ_PROFILE") or None)
        choice = Choice(backend=request.backend, profile=request.profile)
        definitions = bind(loaded)
        try:
            plan = make_plan(instance, definitions, specs, choice)
        except (ValueError, BackendError) as error:
            raise UsageProblem(str(error)) from error
        return cls(definitions, specs, choice, plan)


def _chosen(specs: Sequence[WorkloadSpec], names: Sequence[str]) -> Sequence[WorkloadSpec]:
    known = {spec.name: spec for spec in specs}
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"No workload is named {', '.join(unknown)}. Known are: {', '.join(known)}."
        raise UsageProblem(message)
    return [known[name] for name in names] if names else list(specs)


def _check_profile(specs: Sequence[WorkloadSpec], profile: str | None) -> None:
    declared = sorted({entry.name for spec in specs for entry in spec.profiles})
    if profile is not None and profile not in declared:
        message = (
            f"No chosen workload declares profile '{profile}'. Declared are: {', '.join(declared)}."
        )
        raise UsageProblem(message)
