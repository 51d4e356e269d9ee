"""What the last blocking check of an asset said, read from real Dagster instances."""

import dagster as dg
import pytest

from hq_assets.stages import standing

KEY = dg.AssetKey(["orders", "cleaned"])
OTHER = dg.AssetKey(["orders", "encoded"])


class Verdict(dg.Config):
    passed: bool = True
    severity: str = "ERROR"
    crash: bool = False


@dg.asset(key=KEY)
def _cleaned() -> dg.MaterializeResult:
    return dg.MaterializeResult(data_version=dg.DataVersion("v1"))


@dg.asset(key=OTHER, deps=[KEY])
def _encoded() -> None:
    pass


@dg.asset_check(asset=KEY, name="expectations", blocking=True)
def _expectations(config: Verdict) -> dg.AssetCheckResult:
    if config.crash:
        raise RuntimeError("the check itself broke")  # noqa: EM101, TRY003 - what a broken check does
    severity = dg.AssetCheckSeverity[config.severity]
    return dg.AssetCheckResult(
        passed=config.passed, severity=severity, description="row 7 has no label"
    )


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def _run(instance, *, checks=True, **verdict):
    name = "orders__cleaned_expectations"
    definitions = dg.Definitions(
        assets=[_cleaned, _encoded], asset_checks=[_expectations] if checks else []
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    config = {"ops": {name: {"config": verdict}}} if verdict and checks else {}
    return job.execute_in_process(instance=instance, raise_on_error=False, run_config=config)


def _latest(instance):
    return instance.fetch_materializations(KEY, limit=1).records[0].storage_id


def test_an_asset_that_was_never_checked_has_no_failure(instance):
    assert standing.last_blocking_failure(instance, KEY) is None
    _run(instance, checks=False)
    assert standing.last_blocking_failure(instance, KEY) is None


def test_a_failed_blocking_check_is_named_with_its_reason_in_a_later_run(instance):
    assert not _run(instance, passed=False).success
    assert standing.last_blocking_failure(instance, KEY) == "expectations: row 7 has no label"


def test_a_passed_check_after_a_failed_one_clears_it(instance):
    _run(instance, passed=False)
    assert _run(instance, passed=True).success
    assert standing.last_blocking_failure(instance, KEY) is None


def test_a_warning_is_no_blocking_failure(instance):
    assert _run(instance, passed=False, severity="WARN").success
    assert standing.last_blocking_failure(instance, KEY) is None


def test_the_failure_belongs_to_the_materialization_that_was_checked(instance):
    _run(instance, passed=True)
    good = _latest(instance)
    _run(instance, passed=False)
    assert standing.last_blocking_failure(instance, KEY, good) is None
    assert standing.last_blocking_failure(instance, KEY, _latest(instance)) is not None


def test_an_unchecked_materialization_does_not_hide_an_earlier_failure(instance):
    _run(instance, passed=False)
    _run(instance, checks=False)
    assert standing.last_blocking_failure(instance, KEY, _latest(instance)) is not None


def test_a_check_that_broke_is_unfinished_and_not_failed(instance):
    _run(instance, passed=True)
    assert standing.unfinished_checks(instance, KEY) == []
    assert not _run(instance, crash=True).success
    assert standing.last_blocking_failure(instance, KEY) is None
    assert standing.unfinished_checks(instance, KEY) == ["expectations"]
    _run(instance, passed=True)
    assert standing.unfinished_checks(instance, KEY) == []
