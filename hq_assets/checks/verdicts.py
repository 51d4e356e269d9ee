"""What the checks of a stage find: suite, judgements and pinned inputs, as Dagster's check results."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from hq_assets.checks import expectation_suites, rendering
from hq_assets.checks.assets import EXPECTATIONS, PINNED_INPUTS, STATISTICS
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts
from hq_assets.checks.great_expectations_run import SuiteResult, run_suite
from hq_assets.checks.judgement import Judgement
from hq_assets.checks.pinned_inputs import compare_pinned_inputs
from resources.store.artifact import Artifact

RECENT = 50
"""Materializations that are looked through for the one of this run."""


def verdicts(
    context: dg.AssetCheckExecutionContext,
    key: dg.AssetKey,
    artifacts: Mapping[str, Artifact],
    facts: CheckFacts,
    inputs: Sequence[str],
) -> Iterator[dg.AssetCheckResult]:
    """Every verdict on an asset, one after the other.

    Args:
        context: Dagster's execution context.
        key: The asset `<workload>/<stage>`.
        artifacts: Stage → its artifact: the one checked and those that its judgements read.
        facts: What the workload's file says of its data.
        inputs: Names of the assets whose versions must be pinned; without any, nothing is.
    """
    stage = key.path[-1]
    store = context.resources.store.open()
    evidence = evidence_of(store, artifacts)
    suite = run_stage_suite(stage, evidence, artifacts, facts)
    yield suite_check(key, suite)
    yield statistics_check(key, judge_stage(stage, evidence, facts, suite))
    if inputs:
        pins = judge_pins(context, store, key, artifacts[stage], inputs)
        yield statistics_check(key, [pins], PINNED_INPUTS)


def evidence_of(store: Any, artifacts: Mapping[str, Artifact]) -> Evidence:
    """Lazy tables and facts of the artifacts."""
    return Evidence(
        tables={
            stage: {name: store.scan_table(entry) for name, entry in artifact.tables.items()}
            for stage, artifact in artifacts.items()
        },
        facts={stage: artifact.facts for stage, artifact in artifacts.items()},
    )


def run_stage_suite(
    stage: str, evidence: Evidence, artifacts: Mapping[str, Artifact], facts: CheckFacts
) -> SuiteResult:
    """Run the suite of a stage; rows are bounded by those of `cleaned_features` if at hand."""
    cleaned = artifacts.get("cleaned_features") if stage != "cleaned_features" else None
    previous = cleaned.tables["rows"].rows if cleaned else None
    return run_suite(
        evidence.rows(stage),
        expectation_suites.expectations_for(stage, facts, previous),
        row_limit=facts.row_limit,
        seed=facts.sampling_seed,
        id_columns=expectation_suites.ID_COLUMNS[stage],
    )


def judge_stage(
    stage: str, evidence: Evidence, facts: CheckFacts, suite: SuiteResult
) -> list[Judgement]:
    """Statistical judgements of a stage; none can be made of a table without its columns."""
    broken = [entry for entry in suite.results if entry.scope == "schema" and not entry.passed]
    if broken:
        summary = f"not judged, because the schema does not hold: {broken[0].observed}"
        return [Judgement("schema_holds", passed=False, severity="critical", summary=summary)]
    return importlib.import_module(f"hq_assets.checks.{stage}").judge(evidence, facts)


def judge_pins(
    context: dg.AssetCheckExecutionContext,
    store: Any,
    key: dg.AssetKey,
    artifact: Artifact,
    inputs: Sequence[str],
) -> Judgement:
    """Compare the manifest of the checked materialization with its tags."""
    found = materialization_of(context.instance, key, context.run.run_id)
    if found is None:
        summary = f"{key.to_user_string()} was never materialized"
        return Judgement(PINNED_INPUTS, passed=False, severity="critical", summary=summary)
    tags = found.tags or {}
    version = tags.get("dagster/data_version")
    if version != artifact.data_version:
        summary = f"version {artifact.data_version[:12]} was read, {version} was materialized"
        return Judgement(PINNED_INPUTS, passed=False, severity="critical", summary=summary)
    entry = found.metadata.get("manifest")
    if entry is None:
        summary = "the materialization names no manifest"
        return Judgement(PINNED_INPUTS, passed=False, severity="critical", summary=summary)
    pinned = store.get_manifest(str(entry.value)).get("inputs") or {}
    return compare_pinned_inputs(pinned, tags, inputs)


def materialization_of(
    instance: dg.DagsterInstance, key: dg.AssetKey, run_id: str
) -> dg.AssetMaterialization | None:
    """What this run materialized, or else the latest materialization."""
    records = instance.fetch_materializations(key, limit=RECENT).records
    mine = [record for record in records if record.event_log_entry.run_id == run_id]
    chosen = (mine or list(records))[:1]
    return chosen[0].asset_materialization if chosen else None


def suite_check(key: dg.AssetKey, result: SuiteResult) -> dg.AssetCheckResult:
    """A suite's verdict as a check result."""
    metadata: dict[str, Any] = dict(rendering.suite_numbers(result))
    if not result.passed:
        metadata["failures"] = dg.MetadataValue.md(rendering.suite_table(result))
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=EXPECTATIONS,
        passed=result.passed,
        severity=severity(blocks=result.blocks),
        description=rendering.suite_sentence(result),
        metadata=metadata,
    )


def statistics_check(
    key: dg.AssetKey, judgements: Sequence[Judgement], name: str = STATISTICS
) -> dg.AssetCheckResult:
    """Judgements as one check result."""
    failed = [judgement for judgement in judgements if not judgement.passed]
    metadata: dict[str, Any] = dict(rendering.judgement_numbers(judgements))
    metadata["judged"] = dg.MetadataValue.md(rendering.judgements_table(judgements))
    if failed:
        metadata["failures"] = dg.MetadataValue.md(rendering.judgement_rows_table(failed))
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not failed,
        severity=severity(blocks=any(j.severity == "critical" for j in failed)),
        description=rendering.judgements_sentence(judgements),
        metadata=metadata,
    )


def severity(*, blocks: bool) -> dg.AssetCheckSeverity:
    """Only severity ERROR stops what is downstream."""
    return dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN
