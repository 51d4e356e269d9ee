"""Where all state of an installation lives: `$HQ_HOME`, by default `.hq/` beside the packages."""

import os
from pathlib import Path

import dagster as dg
from pydantic import Field


def hq_home() -> Path:
    """Folder of all state, from `HQ_HOME` at the moment of the call."""
    given = os.environ.get("HQ_HOME")
    return Path(given).expanduser().resolve() if given else project_root() / ".hq"


def hq_environment() -> str:
    """Name of the environment, from `HQ_ENVIRONMENT` at the moment of the call; default `dev`."""
    return os.environ.get("HQ_ENVIRONMENT") or "dev"


def project_root() -> Path:
    """Folder that holds the packages, pyproject.toml and workspace.yaml."""
    return Path(__file__).resolve().parents[1]


class HomeResource(dg.ConfigurableResource):
    """The folder of all state of this installation."""

    folder: str | None = Field(
        default=None, description="Folder of all state; default: $HQ_HOME, else .hq in the project"
    )

    def environment(self) -> str:
        """Name of the environment that this process runs in."""
        return hq_environment()

    def path(self, *parts: str) -> Path:
        """A folder below the home, made if it is missing."""
        root = Path(self.folder) if self.folder else hq_home()
        path = root.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path
