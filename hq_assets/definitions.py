"""The roof: workloads, reports, sensors, schedules and resources of one environment, bound together."""

import dagster as dg

from hq_assets.components.discovery import LoadedWorkloads, load_workloads
from hq_assets.jobs import build_jobs
from hq_assets.reports import warehouse
from hq_assets.schedules import build_schedules
from hq_assets.stages.spec import STAGES
from resources.environments import resources_for
from resources.home import hq_environment
from sensors.automation import build_automation_sensor
from sensors.finished_jobs import build_finished_jobs_sensor
from sensors.source_data import build_source_data_sensor


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the environment named by `HQ_ENVIRONMENT`, read when the code location loads."""
    return bind(load_workloads())


def bind(loaded: LoadedWorkloads) -> dg.Definitions:
    """Workloads with the platform's reports, jobs, schedules, sensors and resources."""
    names = [spec.name for spec in loaded.specs]
    jobs = build_jobs()
    platform = dg.Definitions(
        assets=[warehouse.build(names, STAGES, warehouse_version())],
        jobs=jobs,
        schedules=build_schedules(jobs),
        sensors=[
            build_automation_sensor(),
            build_source_data_sensor(loaded.specs),
            build_finished_jobs_sensor(loaded.specs),
        ],
        resources=resources_for(hq_environment()),
        # a process per step would import everything anew for each: about 10 s for 0.1 s of work
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(loaded.definitions, platform)


def warehouse_version() -> str:
    """Code version of the warehouse asset."""
    from hq_assets.lineage.code_fingerprint import code_version

    return code_version(warehouse.__name__)
