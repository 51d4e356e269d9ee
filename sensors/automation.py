"""Sensor `on_version_change`: reruns what a change of data or code made stale, by the stages' own condition."""

import dagster as dg


def build_automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the automation condition of every stage."""
    return dg.AutomationConditionSensorDefinition(
        name="on_version_change",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Reruns stages whose data or code changed, the chain in one run; never below a failed check.",
    )
