"""The sensor that evaluates the conditions reaches assets and checks of every workload."""

import dagster as dg

from hq_assets.stages.automation import check_condition, stage_condition
from sensors.automation import build_automation_sensor


def test_the_sensor_evaluates_assets_and_their_checks_in_the_daemon():
    key = dg.AssetKey(["w", "profile"])

    @dg.asset(key=key, automation_condition=stage_condition("w", "profile"))
    def _profile(): ...

    @dg.asset_check(asset=key, name="expectations", automation_condition=check_condition(key))
    def _checked():
        return dg.AssetCheckResult(passed=True)

    sensor = build_automation_sensor()
    definitions = dg.Definitions(assets=[_profile], asset_checks=[_checked], sensors=[sensor])
    graph = definitions.resolve_asset_graph()
    assert sensor.asset_selection.resolve(graph) == {key}
    assert sensor.asset_selection.resolve_checks(graph) == {dg.AssetCheckKey(key, "expectations")}
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    # No second sensor takes over what this one leaves.
    assert [s.name for s in definitions.get_repository_def().sensor_defs] == [sensor.name]


def test_the_conditions_travel_to_the_daemon_as_data():
    for stage in ("profile", "decisions"):
        assert stage_condition("w", stage).is_serializable
    assert check_condition(dg.AssetKey(["w", "profile"])).is_serializable


def test_only_source_and_counts_have_no_condition():
    assert stage_condition("w", "source") is None
    assert stage_condition("w", "raw_counts") is None
