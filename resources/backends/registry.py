"""From settings to a backend; an adapter and its SDK are imported when one is opened."""

from collections.abc import Mapping
from typing import Any

from resources.backends.aer_settings import IdealAerSettings, NoisyAerSettings
from resources.backends.contract import Backend, BackendPlace
from resources.backends.devices import unknown_name

Settings = IdealAerSettings | NoisyAerSettings
"""Settings of every kind of backend, told apart by `kind`."""


_CLASSES: dict[str, type[Settings]] = {
    "ideal_aer": IdealAerSettings,
    "noisy_aer": NoisyAerSettings,
}


def settings_from(given: Mapping[str, Any] | Settings) -> Settings:
    """Settings from a mapping with `kind` and the fields of that kind.

    Raises:
        ValueError: The kind is unknown, or a field is; the message lists what is known.
    """
    if isinstance(given, IdealAerSettings | NoisyAerSettings):
        return given
    fields = dict(given)
    kind = str(fields.pop("kind", "(none)"))
    if kind not in _CLASSES:
        raise ValueError(unknown_name("kind of backend", kind, _CLASSES))
    return _CLASSES[kind](**fields)


def build_backend(name: str, settings: Settings, place: BackendPlace) -> Backend:
    """Open a backend under its configured name.

    Raises:
        TypeError: Nothing is registered for settings of this class.
    """
    if isinstance(settings, IdealAerSettings):
        from resources.backends.aer import IdealAer

        return IdealAer(name, settings, place)
    if isinstance(settings, NoisyAerSettings):
        from resources.backends.aer_noisy import NoisyAer

        return NoisyAer(name, settings, place)
    msg = f"no adapter for {type(settings).__name__}; register it in {__name__}"
    raise TypeError(msg)
