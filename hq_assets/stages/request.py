"""What somebody asks of the platform: one schema behind the command line, Python and Dagster's run tags."""

import getpass
import os
import uuid
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

REQUEST_TAG = "hq/request_id"
TRIGGER_TAG = "hq/trigger"
REQUESTER_TAG = "hq/requested_by"
PURPOSE_TAG = "hq/purpose"
CORRELATION_TAG = "hq/correlation_id"

Trigger = Literal["schedule", "sensor", "API", "CLI", "launchpad", "notebook"]


def new_request_id() -> str:
    """A request id that nobody else has."""
    return f"req-{uuid.uuid4()}"


def current_user() -> str:
    """Name of the person or service account that runs this process; its number where it has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid-{os.getuid()}"


class RunRequest(BaseModel):
    """What to bring up to date, with which backend and profile, for whom and why.

    The request id exists from this moment on and stands in every manifest, whatever happens to the run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    workloads: tuple[str, ...] = Field(
        default=(), description="Names of workloads; empty: all of them"
    )
    backend: str | None = Field(
        default=None, description="Declared backend; empty: HQ_BACKEND, else the defs.yaml"
    )
    profile: str | None = Field(
        default=None, description="Declared profile; empty: HQ_PROFILE, the defs.yaml, or the rule"
    )
    purpose: str | None = Field(
        default=None, min_length=1, description="Why the run is made; stands in every manifest"
    )
    requested_by: str | None = Field(
        default_factory=current_user, min_length=1, description="Person or service that asks"
    )
    trigger: Trigger = Field(default="notebook", description="What starts the run")
    request_id: str = Field(
        default_factory=new_request_id,
        min_length=1,
        max_length=200,
        description="Id of the request",
    )
    correlation_id: str | None = Field(
        default=None, min_length=1, description="Id that the calling service gave"
    )

    def tags(self) -> dict[str, str]:
        """Tags of the Dagster run that answers this request."""
        tags = {
            REQUEST_TAG: self.request_id,
            TRIGGER_TAG: self.trigger,
            REQUESTER_TAG: self.requested_by,
            PURPOSE_TAG: self.purpose,
            CORRELATION_TAG: self.correlation_id,
        }
        return {name: value for name, value in tags.items() if value is not None}

    @classmethod
    def of_run(cls, run_id: str, tags: Mapping[str, str]) -> "RunRequest":
        """The request behind a Dagster run, whatever started it.

        Args:
            run_id: The run; it names the request where no tag does.
            tags: The run's tags.

        Raises:
            pydantic.ValidationError: A tag holds what no request may hold.
        """
        return cls.model_validate(
            {
                "request_id": tags.get(REQUEST_TAG) or f"run-{run_id}",
                "trigger": trigger_of(tags),
                "requested_by": tags.get(REQUESTER_TAG),
                "purpose": tags.get(PURPOSE_TAG),
                "correlation_id": tags.get(CORRELATION_TAG),
            }
        )


def trigger_of(tags: Mapping[str, str]) -> str:
    """What started a run: CLI, API, notebook, schedule, sensor or launchpad, from its tags."""
    if TRIGGER_TAG in tags:
        return tags[TRIGGER_TAG]
    if "dagster/schedule_name" in tags:
        return "schedule"
    if "dagster/sensor_name" in tags or "dagster/from_automation_condition" in tags:
        return "sensor"
    return "launchpad"
