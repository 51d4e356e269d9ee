"""Settings of the Aer backends, as they stand in the launchpad; they load no SDK."""

from typing import Literal

import dagster as dg
from pydantic import Field, field_validator

from resources.backends.devices import device_named


class IdealAerSettings(dg.Config):
    """An ideal simulator: any connectivity, no noise, exact overlaps."""

    kind: Literal["ideal_aer"] = "ideal_aer"
    max_qubits: int = Field(
        default=128,
        ge=1,
        description="Widest circuit; above 28 qubits only Clifford or weakly entangled ones run",
    )
    max_shots: int = Field(default=1_000_000, ge=1, description="Most shots of one execution")


class NoisyAerSettings(dg.Config):
    """A simulator with the calibrated noise of a named device."""

    kind: Literal["noisy_aer"] = "noisy_aer"
    device: str = Field(description="Name of the device, e.g. fake_torino")
    max_shots: int = Field(default=100_000, ge=1, description="Most shots of one execution")

    @field_validator("device")
    @classmethod
    def _device_is_known(cls, value: str) -> str:
        device_named(value)
        return value
