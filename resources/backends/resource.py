"""The resource `backend`: which backends there are, and which one a run uses."""

import os
from collections.abc import Mapping
from typing import Annotated, Any

import dagster as dg
from pydantic import Field

from resources.backends.aer_settings import IdealAerSettings, NoisyAerSettings
from resources.backends.contract import Backend, BackendPlace
from resources.backends.devices import unknown_name
from resources.backends.registry import Settings, build_backend, settings_from

ENVIRONMENT_VARIABLE = "HQ_BACKEND"


class BackendEntry(dg.Config):
    """One configured backend; in the launchpad `{settings: {noisy_aer: {device: fake_fez}}}`."""

    settings: Annotated[IdealAerSettings | NoisyAerSettings, Field(discriminator="kind")]


class BackendRoster(dg.ConfigurableResource):
    """The backends that an environment offers.

    Dagster drops what a resource was constructed with as soon as the launchpad configures any of
    its fields, but keeps a nested resource: so the environment's backends stand in this one.
    """

    backends: dict[str, BackendEntry] = Field(
        default={}, description="Name of a backend → its settings"
    )


class BackendResource(dg.ConfigurableResource):
    """Chooses a backend by name and opens it.

    Constructed as `BackendResource(backends={"fez": {"kind": "noisy_aer", "device": "fake_fez"}})`:
    these become the roster, to which the launchpad may add.
    """

    roster: BackendRoster
    backends: dict[str, BackendEntry] = Field(
        default={},
        description="Further backends of this run, by name; they come before the environment's",
    )
    name: str | None = Field(
        default=None,
        description=f"Backend of this run; before {ENVIRONMENT_VARIABLE} and the default",
    )

    def __init__(self, **data: Any) -> None:
        if "roster" not in data:
            data["roster"] = BackendRoster(backends=_entries(data.pop("backends", {})))
        super().__init__(**data)

    def known(self) -> dict[str, Settings]:
        """Settings of all backends by name."""
        entries = {**self.roster.backends, **self.backends}
        return {name: entries[name].settings for name in sorted(entries)}

    def explicit(self) -> str | None:
        """The name that launchpad or environment give, or None where the workload decides."""
        return self.name or os.environ.get(ENVIRONMENT_VARIABLE) or None

    def choose(self, default: str) -> str:
        """The name of the backend of this run: launchpad, then environment, then the default.

        Raises:
            ValueError: The name is unknown; the message lists the known ones.
        """
        name = self.explicit() or default
        known = self.known()
        if name not in known:
            raise ValueError(unknown_name("backend", name, known))
        return name

    def open(self, name: str, place: BackendPlace) -> Backend:
        """Open a backend by name.

        Raises:
            ValueError: The name is unknown; the message lists the known ones.
        """
        known = self.known()
        if name not in known:
            raise ValueError(unknown_name("backend", name, known))
        return build_backend(name, known[name], place)


def _entries(backends: Mapping[str, Any]) -> dict[str, BackendEntry]:
    return {
        name: given
        if isinstance(given, BackendEntry)
        else BackendEntry(settings=settings_from(given))
        for name, given in backends.items()
    }
