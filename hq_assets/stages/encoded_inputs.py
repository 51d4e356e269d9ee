"""Stage `encoded_inputs`: parameter rows in the range of the encoding; pairs are index lists."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import dagster as dg

from hq_assets.problems.contract import Cleaned, Encoded
from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.cleaned_features import reason_table, status_counts, transforms_reference
from hq_assets.stages.rendering import facts_table, markdown_table
from hq_assets.stages.spec import WorkloadSpec
from resources.store.artifact import Artifact

STAGE = "encoded_inputs"


def cleaned_of(call: StageCall) -> Cleaned:
    """The cleaned features, as the verbs take them."""
    artifact = call.inputs["cleaned_features"]
    return Cleaned(frame=call.scan("cleaned_features"), facts=artifact.facts["facts"])


def encoded_of(call: StageCall) -> Encoded:
    """The encoded inputs, as the verbs take them."""
    artifact = call.inputs[STAGE]
    optional = {
        name: call.scan(STAGE, name) for name in ("pairs", "circuits") if name in artifact.tables
    }
    return Encoded(frame=call.scan(STAGE), facts=artifact.facts["facts"], **optional)


def compute(call: StageCall) -> Produced:
    """Encode the cleaned features with the kind's verb."""
    encoded = call.verb()(cleaned_of(call), call.settings, call.profile.seeds)
    optional = {"pairs": encoded.pairs, "circuits": encoded.circuits}
    transforms = [asdict(step) for step in encoded.transforms]
    return Produced(
        tables={"rows": encoded.frame, **{k: v for k, v in optional.items() if v is not None}},
        documents={"transforms": transforms},
        facts={"facts": dict(encoded.facts)},
        manifest={"transforms": transforms_reference(transforms), **encoding_fields(call)},
    )


def encoding_fields(call: StageCall) -> dict[str, Any]:
    """Manifest fields of the encoding, where the kind has one."""
    encoding = call.settings.model_dump(mode="json").get("encoding")
    return {} if encoding is None else {"encoding": encoding, "feature_map": encoding.get("name")}


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """Numbers of rows and pairs, range of the values, reasons."""
    import polars as pl

    frame = call.store.scan_table(artifact.tables["rows"])
    values = frame.select(pl.col("values").list.explode()).select(
        low=pl.col("values").min(), high=pl.col("values").max()
    )
    bounds = values.collect().row(0, named=True)
    pairs = artifact.tables.get("pairs")
    entries: dict[str, Any] = {f"rows_{k}": v for k, v in sorted(status_counts(frame).items())}
    if bounds["low"] is not None:
        entries["value_min"], entries["value_max"] = float(bounds["low"]), float(bounds["high"])
    if pairs is not None:
        entries["pairs"] = pairs.rows
    facts = dict(artifact.facts["facts"])
    costs = facts.pop("encoding_costs", None)
    if costs:
        entries["encoding_costs"] = dg.MetadataValue.md(markdown_table(costs))
    return {
        **entries,
        "reasons": dg.MetadataValue.md(reason_table(frame)),
        "facts": dg.MetadataValue.md(facts_table(facts)),
    }


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/encoded_inputs`."""
    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Parameter values in the range of the encoding; one row per circuit, seed and parameter row.",
        kinds={"polars", "parquet"},
        compute=compute,
        describe=describe,
    )
