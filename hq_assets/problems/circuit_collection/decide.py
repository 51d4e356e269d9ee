"""Verb `decide`: accept a measured distribution, or abstain and say why; no file is left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from hq_assets.problems.circuit_collection.comparison import (
    Comparison,
    align,
    compare,
)
from hq_assets.problems.circuit_collection.encode import USABLE, encode, record_name
from hq_assets.problems.contract import Baselines, Cleaned, Combined, Decided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hq_assets.problems.circuit_collection.settings import Settings

SCHEMA = {
    "record_id": pl.String,
    "seed": pl.Int64,
    "published": pl.Boolean,
    "outcome": pl.String,
    "label": pl.String,
    "score": pl.Float64,
    "confidence_value": pl.Float64,
    "confidence_kind": pl.String,
    "confidence_method": pl.String,
    "reason": pl.String,
    "baseline_ref": pl.String,
    "baseline_label": pl.String,
    "circuit_id": pl.String,
    "parameter_row": pl.Int64,
    "fidelity": pl.Float64,
    "fidelity_low": pl.Float64,
    "fidelity_high": pl.Float64,
    "expected_fidelity": pl.Float64,
    "distance": pl.Float64,
    "distance_low": pl.Float64,
    "distance_high": pl.Float64,
    "expected_distance": pl.Float64,
    "shots": pl.Int64,
}
"""`score` is the fidelity relative to `expected_fidelity`; `label` is accepted, below_threshold,
no_reference, no_result or refused; `baseline_label` is the most probable ideal outcome; `distance`
is total variation."""

KEY = ("circuit_id", "seed", "parameter_row")
LONGEST_TABLE = 200
NO_COUNTS = "no counts came back, and no stage gave a reason"


def decide(
    normalized: Combined,
    baselines: Baselines,
    cleaned: Cleaned,
    settings: Settings,
    seeds: Sequence[int],
) -> Decided:
    """Compare measured with ideal distributions.

    Returns:
        Rows by seed, file, circuit and parameter row, then refused lines of the parameter table.
    """
    encoded = encode(cleaned, settings, seeds)
    rows = encoded.frame.collect().rows(named=True)
    per_circuit = Counter(row["circuit_id"] for row in rows if row["seed"] == seeds[0])
    judge = _Judge(normalized, baselines, settings)
    decided: list[dict[str, Any]] = []
    for seed in seeds:
        for row in rows:
            if row["seed"] == seed:
                name = record_name(
                    row["circuit_id"], row["parameter_row"], per_circuit[row["circuit_id"]]
                )
                decided.append({**judge.verdict(row, name), "published": seed == seeds[0]})
        lines = left_out(cleaned, encoded.facts["lines_without_circuit"], seed)
        decided.extend({**line, "seed": seed, "published": seed == seeds[0]} for line in lines)
    frame = pl.DataFrame(decided, schema=SCHEMA)
    published = frame.filter(pl.col("published"))
    return Decided(frame.lazy(), metrics(frame), tables(published), series(published))


class _Judge:
    """Knows measured and ideal distributions by circuit, seed and parameter row."""

    def __init__(self, normalized: Combined, baselines: Baselines, settings: Settings) -> None:
        self._measured = distributions(normalized.frame)
        self._ideal = distributions(baselines.frame.filter(pl.col("value").is_not_null()))
        self._shots: Mapping[str, int] = normalized.facts.get("shots", {})
        self._refused: Mapping[str, str] = normalized.facts.get("refused", {})
        self._reasons: Mapping[str, str] = baselines.facts.get("not_applicable", {})
        self._settings = settings

    def verdict(self, row: Mapping[str, Any], record_id: str) -> dict[str, Any]:
        """Decision on one circuit at one parameter row."""
        named = {name: row[name] for name in KEY} | {"record_id": record_id}
        if row["status"] not in USABLE:
            return {**named, **abstention("refused", row["reason"])}
        key = (row["circuit_id"], row["seed"], row["parameter_row"])
        measured, ideal = self._measured.get(key), self._ideal.get(key)
        if measured is None:
            return {
                **named,
                **abstention("no_result", self._refused.get(row["circuit_id"], NO_COUNTS)),
            }
        if ideal is None:
            reason = self._reasons.get(row["circuit_id"], "no ideal reference was computed")
            return {**named, **abstention("no_reference", reason)}
        top = ideal.sort(["value", "label"], descending=[True, False]).row(0, named=True)
        reference = {"baseline_ref": f"{top['method']}:{record_id}", "baseline_label": top["label"]}
        return {**named, **reference, **self._judged(named, measured, ideal)}

    def _judged(
        self, named: Mapping[str, Any], measured: pl.DataFrame, ideal: pl.DataFrame
    ) -> dict[str, Any]:
        settings = self._settings
        if float(measured["value"].clip(0.0).sum()) <= 0.0:
            return abstention("no_result", "the reported distribution has no positive probability")
        result = compare(
            *align(as_mapping(measured), as_mapping(ideal)),
            shots=self._shots.get(named["circuit_id"]),
            threshold=settings.accept_fidelity,
            samples=settings.bootstrap_samples,
            level=settings.interval_level,
            rng=np.random.default_rng([named["seed"], record_number(named["record_id"])]),
        )
        return {**figures(result), **accepted(result, settings)}


def distributions(frame: pl.LazyFrame) -> dict[tuple[Any, ...], pl.DataFrame]:
    """Distributions by circuit, seed and parameter row."""
    rows = frame.filter(pl.col("name") == "probability").with_columns(
        parameter_row=pl.col("indices").list.get(0)
    )
    return rows.collect().partition_by(*KEY, as_dict=True, maintain_order=True)


def as_mapping(distribution: pl.DataFrame) -> dict[str, float]:
    """Label → value."""
    return dict(zip(distribution["label"].to_list(), distribution["value"].to_list(), strict=True))


def record_number(record_id: str) -> int:
    """A number from a record's name, so that its resamples depend on no other record."""
    return int.from_bytes(hashlib.sha256(record_id.encode()).digest()[:8], "big")


def figures(result: Comparison) -> dict[str, Any]:
    """Columns with the numbers of a comparison."""
    return {
        field.name: getattr(result, field.name) for field in fields(result) if field.name in SCHEMA
    }


def accepted(result: Comparison, settings: Settings) -> dict[str, Any]:
    """Outcome of a comparison by the stated threshold."""
    score, threshold = result.relative_fidelity, settings.accept_fidelity
    good = score >= threshold
    method = (
        "exact distribution, no sampling error"
        if result.shots is None
        else f"multinomial bootstrap, {settings.bootstrap_samples} resamples"
    )
    return {
        "outcome": "recommendation" if good else "abstain",
        "label": "accepted" if good else "below_threshold",
        "score": score,
        "confidence_value": result.confidence,
        "confidence_kind": "probability that the fidelity is on this side of the threshold",
        "confidence_method": method,
        "reason": None if good else f"relative fidelity {score:.3f} is below {threshold}",
    }


def abstention(label: str, reason: str | None) -> dict[str, Any]:
    """Columns of a record that nothing is claimed about."""
    return {"outcome": "abstain", "label": label, "reason": reason}


def left_out(cleaned: Cleaned, orphans: Sequence[str], seed: int) -> Iterator[dict[str, Any]]:
    """Duplicate files and table lines that no circuit took, each with its reason."""
    rows = cleaned.frame.filter(pl.col("seed") == seed).drop("content").collect()
    for row in rows.iter_rows(named=True):
        dropped = row["role"] == "circuit" and row["status"] == "dropped"
        unbound = row["role"] == "parameters" and (
            row["target"] is None or row["record_id"] in orphans
        )
        if dropped or unbound:
            reason = row["reason"] or f"there is no circuit {row['target']}"
            yield {"record_id": row["record_id"], **abstention("refused", reason)}


def metrics(frame: pl.DataFrame) -> dict[str, float | None]:
    """Numbers over the published seed, and the spread of the mean fidelity over all seeds."""
    published = frame.filter(pl.col("published"))
    labels = Counter(published["label"].to_list())
    means = (
        frame.filter(pl.col("fidelity").is_not_null())
        .group_by("seed", maintain_order=True)
        .agg(pl.col("fidelity").mean())
    )
    return {
        "records": float(published.height),
        **{
            name: float(labels[name])
            for name in ("accepted", "below_threshold", "no_reference", "no_result", "refused")
        },
        "mean_fidelity": _number(published["fidelity"].mean()),
        "min_fidelity": _number(published["fidelity"].min()),
        "mean_relative_fidelity": _number(published["score"].mean()),
        "mean_distance": _number(published["distance"].mean()),
        "mean_fidelity_spread_over_seeds": _number(means["fidelity"].std()),
    }


def tables(published: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """What was compared and what was not, for people; at most 200 rows each."""
    judged = published.filter(pl.col("fidelity").is_not_null())
    rest = published.filter(pl.col("fidelity").is_null())
    columns = [
        "record_id",
        "label",
        "fidelity",
        "fidelity_low",
        "fidelity_high",
        "expected_fidelity",
        "distance",
    ]
    return {
        "fidelities": judged.select(columns).head(LONGEST_TABLE).to_dicts(),
        "not_compared": rest.select("record_id", "label", "reason").head(LONGEST_TABLE).to_dicts(),
    }


def series(published: pl.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """Bars of fidelity with intervals."""
    judged = published.filter(pl.col("fidelity").is_not_null()).head(LONGEST_TABLE)
    names = {
        "record_id": "record_id",
        "fidelity": "fidelity",
        "low": "fidelity_low",
        "high": "fidelity_high",
    }
    return {"fidelity": {name: judged[column].to_list() for name, column in names.items()}}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
