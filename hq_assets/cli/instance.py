"""The Dagster instance of this installation: its folder, its settings, and the environment of its processes."""

import fcntl
import os
from pathlib import Path

import dagster as dg

from hq_assets.cli.run_locks import end_dead_runs
from resources.home import hq_home

SETTINGS = """\
# Written by `hq` on first use; edit it freely, it is not written again.
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 60
concurrency:
  runs:
    max_concurrent_runs: 2
  pools:
    default_limit: 2
"""


def prepare_home() -> Path:
    """Make `$HQ_HOME/dagster` with its settings and point this process and its children at it."""
    folder = hq_home() / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "dagster.yaml"
    if not settings.exists():
        temporary = settings.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(SETTINGS, encoding="utf-8")
        temporary.replace(settings)
    os.environ["HQ_HOME"] = str(hq_home())
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    return folder


def open_instance() -> dg.DagsterInstance:
    """The instance, with its home prepared and the runs of killed processes ended."""
    folder = prepare_home()
    with (folder / "opening.lock").open("w", encoding="utf-8") as file:
        # Dagster makes its tables on first use and does not expect a second process that does so too.
        fcntl.flock(file, fcntl.LOCK_EX)
        instance = dg.DagsterInstance.from_config(str(folder))
    end_dead_runs(instance)
    return instance
