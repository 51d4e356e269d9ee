"""The blocking asset checks of a stage: one step per stage, which yields every verdict on it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from hq_assets.checks.facts import CheckFacts
from resources.store.artifact import Artifact

EXPECTATIONS, STATISTICS, PINNED_INPUTS = "expectations", "statistics", "pinned_inputs"
DESCRIPTIONS: Mapping[str, str] = {
    EXPECTATIONS: "Great Expectations: columns, types, ranges, nulls, uniqueness, rows, classes.",
    STATISTICS: "Totals, sums, widths, spectra, completeness, drift: what no expectation can say.",
    PINNED_INPUTS: "The manifest names the input versions that Dagster recorded.",
}
NEEDS: Mapping[str, tuple[str, ...]] = {
    "source": (),
    "target": (),
    "profile": (),
    "cleaned_features": (),
    "encoded_inputs": ("cleaned_features",),
    "compiled_circuits": ("encoded_inputs",),
    "job_receipts": (),
    "raw_counts": ("compiled_circuits", "encoded_inputs"),
    "normalized_results": (),
    "baselines": (),
    "decisions": ("cleaned_features", "normalized_results", "target"),
}
"""Stage → other stages that its judgements read. Its judgements are in the module of its name."""


def build_checks(
    workload: str,
    stage: str,
    upstream: Sequence[str],
    facts: CheckFacts | None = None,
    automation_condition: dg.AutomationCondition[Any] | None = None,
) -> list[dg.AssetChecksDefinition]:
    """The blocking checks of the asset `<workload>/<stage>`.

    Args:
        workload: Name of the workload.
        stage: Name of the stage.
        upstream: Stages whose artifacts the stage receives; without any there is nothing pinned.
        facts: What the workload's file says of its data.
        automation_condition: When the checks are made by themselves; all have the same, because
            Dagster makes only those of an asset that were asked for once one was.
    """
    key = dg.AssetKey([workload, stage])
    needs = NEEDS[stage]
    known = facts or CheckFacts()
    names = [EXPECTATIONS, STATISTICS, *([PINNED_INPUTS] if upstream else [])]

    @dg.multi_asset_check(
        name=f"{workload}__{stage}__checks",
        description=f"Data quality of {workload}/{stage}; a critical failure stops all below it.",
        specs=[
            dg.AssetCheckSpec(
                name,
                asset=key,
                description=DESCRIPTIONS[name],
                blocking=True,
                additional_deps=[dg.AssetKey([workload, need]) for need in needs],
                automation_condition=automation_condition,
            )
            for name in names
        ],
        ins={name: dg.AssetIn(dg.AssetKey([workload, name])) for name in (stage, *needs)},
        required_resource_keys={"store"},
    )
    def _checks(
        context: dg.AssetCheckExecutionContext, **artifacts: Artifact
    ) -> Iterator[dg.AssetCheckResult]:
        # Imported here, because loading the definitions needs none of what judges.
        from hq_assets.checks.verdicts import verdicts

        yield from verdicts(context, key, artifacts, known, [f"{workload}/{up}" for up in upstream])

    return [_checks]
