"""From cleaned rows to parameter values of the feature map, and the pairs of a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from hq_assets.classical.preparation import CLIP_TOLERANCE, LinearEncoder, fit_linear_encoder
from hq_assets.problems.contract import DataError, Encoded, Transform
from hq_assets.problems.kernel_classification.bandwidth import choose_bandwidth
from hq_assets.problems.kernel_classification.circuit_values import circuit_values
from hq_assets.quantum.encoding_costs import encoding_costs
from hq_assets.quantum.encodings import encoding_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_assets.problems.contract import Cleaned
    from hq_assets.problems.kernel_classification.settings import Settings
    from hq_assets.problems.kernel_classification.settings_sections import Encoding

USABLE = pl.col("status") != "dropped"


def encode(cleaned: Cleaned, settings: Settings, seeds: Sequence[int]) -> Encoded:
    """Encode training and test rows; everything is fitted on the training rows of each seed.

    Args:
        cleaned: Rows of `clean`.
        settings: Selection and encoding.
        seeds: Seeds to encode.

    Returns:
        Rows ordered by seed and parameter_row: training rows first, then test rows, each in the order
        of the cleaned rows. A row with a component beyond the encoding's range is `changed`. Pairs,
        per seed: block `train` holds i < j, row by row; block `test` holds each test row (left) with
        each training row (right).

    Raises:
        DataError: Fewer features vary in the training rows than components are wanted.
    """
    frames, pairs, transforms = [], [], []
    facts: dict[str, Any] = {"rows": {}, "pairs": {}, "share": {}}
    facts["encoding_costs"] = encoding_table(settings.encoding)
    for seed in seeds:
        rows = cleaned.frame.filter((pl.col("seed") == seed) & USABLE)
        test = rows.filter(pl.col("split") == "test")
        train = _training_rows(rows, settings)
        encoder, choice = _fit(train, settings, seed)
        num_train, num_test = len(train), _count(test)
        frames.append(_encoded(train.lazy(), encoder, settings, first=0))
        frames.append(_encoded(test, encoder, settings, first=num_train))
        pairs.append(kernel_pairs(settings.encoding.circuit_id, seed, num_train, num_test))
        transforms += _transforms(encoder, choice, list(settings.features), seed)
        facts["rows"][str(seed)] = {"train": num_train, "test": num_test}
        facts["pairs"][str(seed)] = num_train * (num_train - 1) // 2 + num_test * num_train
        facts["share"][str(seed)] = encoder.steps["scale_to_range"]["share"]
    return Encoded(
        frame=pl.concat(frames), pairs=pl.concat(pairs), transforms=transforms, facts=facts
    )


def encoding_table(declared: Encoding) -> list[dict[str, Any]]:
    """What each encoding would cost for these components, before compilation; the declared one is marked.

    Costs are those of the fidelity circuit of two rows, with the declared repetitions and entanglement
    where an encoding has them.
    """
    entanglement = declared.entanglement or "linear"
    costs = encoding_costs(declared.num_components, declared.reps, entanglement)
    return [
        {
            "encoding": f"{cost.encoding} (declared)"
            if cost.encoding == declared.name
            else cost.encoding,
            "values from": encoding_rule(cost.encoding).low,
            "values to": encoding_rule(cost.encoding).high,
            "qubits": cost.num_qubits,
            "depth": cost.pair_figures.depth,
            "two-qubit gates": cost.pair_figures.two_qubit_gates,
        }
        for cost in costs
    ]


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _training_rows(rows: pl.LazyFrame, settings: Settings) -> pl.DataFrame:
    columns = ["record_id", "seed", "split", *settings.features, "label"]
    return rows.filter(pl.col("split") == "train").select(columns).collect(engine="streaming")


def _fit(
    train: pl.DataFrame, settings: Settings, seed: int
) -> tuple[LinearEncoder, dict[str, Any]]:
    """Encoder of one seed, and how its share of the range was chosen."""
    values = train.select(list(settings.features)).to_numpy()
    positive = (train["label"] == settings.positive_label).to_numpy()
    encoding = settings.encoding

    def fit(share: float) -> LinearEncoder:
        return fit_linear_encoder(
            values,
            positive,
            selected=settings.num_selected,
            components=encoding.num_components,
            bounds=encoding.bounds,
            share=share,
            scaling=encoding.scaling,
        )

    try:
        encoders = {share: fit(share) for share in encoding.bandwidths}
    except ValueError as error:
        message = f"Seed {seed}: {error}. Lower the components, or correct the source."
        raise DataError(message) from error
    if len(encoders) == 1:
        return encoders[encoding.bandwidths[0]], {"rule": "declared"}
    candidates = {
        share: circuit_values(encoding, encoder.apply(values)[0])
        for share, encoder in encoders.items()
    }
    share, choice = choose_bandwidth(candidates, positive, encoding, settings.classifier)
    return encoders[share], choice


def _encoded(
    rows: pl.LazyFrame, encoder: LinearEncoder, settings: Settings, first: int
) -> pl.LazyFrame:
    """Rows of one seed and split, numbered from `first`; the linear map runs as expressions."""
    names = list(settings.features)
    raw = [
        pl.sum_horizontal(
            pl.lit(float(encoder.offsets[q])),
            *(
                pl.col(names[column]) * float(weight)
                for column, weight in zip(encoder.columns, encoder.weights[:, q], strict=True)
            ),
        ).alias(f"component_{q}")
        for q in range(len(encoder.offsets))
    ]
    components = pl.col([f"component_{q}" for q in range(len(encoder.offsets))])
    clipped = components.clip(encoder.low, encoder.high)
    beyond = pl.any_horizontal((components - clipped).abs() > CLIP_TOLERANCE)
    return (
        rows.select("record_id", "seed", "split", *raw)
        .with_row_index("parameter_row", offset=first)
        .select(
            pl.lit(settings.encoding.circuit_id).alias("circuit_id"),
            pl.col("seed"),
            pl.col("parameter_row").cast(pl.Int64),
            pl.concat_arr("record_id").arr.to_list().alias("record_ids"),
            pl.col("split"),
            _values(clipped, settings).alias("values"),
            pl.when(beyond).then(pl.lit("changed")).otherwise(pl.lit("ok")).alias("status"),
            pl.when(beyond)
            .then(pl.lit("beyond the range of the training rows, clipped"))
            .alias("reason"),
        )
    )


def _values(components: pl.Expr, settings: Settings) -> pl.Expr:
    """Circuit parameters of a row as a list; only some encodings need more than the components."""
    # Measured: concat_list takes 20 times as long as this for ten million rows.
    listed = pl.concat_arr(components).arr.to_list()
    if settings.encoding.name in ("basis", "amplitude"):
        return listed.map_batches(
            lambda column: pl.Series(
                circuit_values(settings.encoding, np.array(column.to_list())).tolist(),
                dtype=pl.List(pl.Float64),
            ),
            return_dtype=pl.List(pl.Float64),
            is_elementwise=True,
        )
    return listed


def kernel_pairs(circuit_id: str, seed: int, num_train: int, num_test: int) -> pl.LazyFrame:
    """Index lists of one kernel; the test block is computed as it is read.

    Args:
        circuit_id: Key of the circuit template.
        seed: Seed of the split.
        num_train: Training rows, numbered 0 to num_train - 1.
        num_test: Test rows, numbered after them.

    Returns:
        Columns circuit_id, seed, block, left, right; `train` (i < j), then `test` (test, train).
    """
    left, right = np.triu_indices(num_train, k=1)
    key = (pl.lit(circuit_id).alias("circuit_id"), pl.lit(seed, pl.Int64).alias("seed"))
    train = pl.LazyFrame({"left": left.astype(np.int64), "right": right.astype(np.int64)}).select(
        *key, pl.lit("train").alias("block"), "left", "right"
    )
    number = pl.int_range(num_test * num_train, dtype=pl.Int64)
    test = (
        pl.LazyFrame()
        .select(number.alias("number"))
        .select(
            *key,
            pl.lit("test").alias("block"),
            (num_train + pl.col("number") // num_train).alias("left"),
            (pl.col("number") % num_train).alias("right"),
        )
    )
    return pl.concat([train, test])


def _transforms(
    encoder: LinearEncoder, choice: dict[str, Any], names: list[str], seed: int
) -> list[Transform]:
    """The fitted steps of one seed, features by name."""
    rows = f"split == train, seed {seed}"
    steps = []
    for name, parameters in encoder.steps.items():
        shown = dict(parameters)
        if "features" in shown:
            shown["features"] = [names[column] for column in shown["features"]]
        if name == "scale_to_range":
            steps.append(Transform("choose_bandwidth", rows, choice))
        steps.append(Transform(name, rows, shown))
    return steps
