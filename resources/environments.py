"""resources_for(environment): the only place that knows dev, staging and production.

dev is the embedded default: local simulators, all state in one folder.
"""

from collections.abc import Mapping
from typing import Any

from resources.backends.devices import known_devices
from resources.backends.resource import BackendResource
from resources.home import HomeResource
from resources.ledger.resource import LedgerResource
from resources.store.io_manager import ArtifactIOManager
from resources.store.resource import StoreResource

ENVIRONMENTS = ("dev", "staging", "production")

SIMULATORS: Mapping[str, Mapping[str, Any]] = {
    "ideal_aer": {"kind": "ideal_aer"},
    "noisy_aer": {"kind": "noisy_aer", "device": "fake_torino"},
}
"""Backends that need no account and have a name of their own: name → settings."""


class UnknownEnvironment(ValueError):  # noqa: N818 - it names what is unknown
    """An environment that does not exist was asked for."""


def noisy_devices() -> dict[str, Mapping[str, Any]]:
    """Aer with the noise of each known device: `noisy_fez` for `fake_fez`, name → settings."""
    return {
        f"noisy_{name.removeprefix('fake_')}": {"kind": "noisy_aer", "device": name}
        for name in known_devices()
    }


def declared_backends(environment: str) -> Mapping[str, Mapping[str, Any]]:
    """Backends that an environment offers: name → settings.

    Raises:
        UnknownEnvironment: No such environment.
    """
    if environment not in ENVIRONMENTS:
        message = f"'{environment}' is no environment. Set HQ_ENVIRONMENT to one of: {', '.join(ENVIRONMENTS)}."
        raise UnknownEnvironment(message)
    return {**SIMULATORS, **noisy_devices()}


def resources_for(environment: str) -> dict[str, object]:
    """Dagster resources of an environment, by resource key.

    Raises:
        UnknownEnvironment: No such environment.
    """
    home = HomeResource()
    store = StoreResource(home=home)
    return {
        "home": home,
        "store": store,
        "ledger": LedgerResource(home=home),
        "backend": BackendResource(backends=declared_backends(environment)),
        "io_manager": ArtifactIOManager(store=store),
    }
