"""Great Expectations itself: one ephemeral context per process, one validation at a time."""

from __future__ import annotations

import threading
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    import polars as pl

    from hq_assets.checks.expectations import Expectation

SOURCE = "frames"
_ONE_AT_A_TIME = threading.Lock()
"""Great Expectations keeps context and batches in process-wide state, without thread safety."""


def validate(
    frame: pl.DataFrame, expectations: Sequence[Expectation]
) -> list[tuple[bool, str, int | None]]:
    """Judge a frame.

    Returns:
        Passed, observed value as text, number of unexpected rows: for each expectation, in order.
    """
    if not expectations:
        return []
    pandas_frame = frame.to_pandas(use_pyarrow_extension_array=True)
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Importing and running Great Expectations uses deprecated parts of the standard library.
        warnings.simplefilter("ignore")
        found = dict(_outcomes(pandas_frame, expectations))
    return [found[index] for index in range(len(expectations))]


def _outcomes(
    frame: pd.DataFrame, expectations: Sequence[Expectation]
) -> Iterator[tuple[int, tuple[bool, str, int | None]]]:
    import great_expectations as gx

    context = _context()
    built = [_as_gx(item, index) for index, item in enumerate(expectations)]
    suite = gx.ExpectationSuite(name="suite", expectations=built)
    try:
        asset = context.data_sources.add_pandas(SOURCE).add_dataframe_asset("frame")
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
        # BASIC: naming the rows in Great Expectations takes 28 s where half a million rows fail.
        report = batch.validate(suite, result_format={"result_format": "BASIC"})
    finally:
        # Its engine caches batches by name and would keep the frame.
        context.data_sources.delete(SOURCE)
    for result in report.results:
        index = result.expectation_config.meta["index"]
        yield (
            index,
            (bool(result.success), _observed(result), result.result.get("unexpected_count")),
        )


def _observed(result: Any) -> str:
    details = result.result
    if "observed_value" in details:
        return str(details["observed_value"])
    if "partial_unexpected_list" in details:
        values = [str(value) for value in details["partial_unexpected_list"]]
        return ", ".join(dict.fromkeys(values)) if values else "as expected"
    errors = [str(error) for error in _messages(result.exception_info)]
    return f"could not be evaluated: {errors[0] if errors else 'no reason given'}"


def _messages(info: Any) -> Iterator[Any]:
    for value in (info or {}).values():
        message = value.get("exception_message") if isinstance(value, dict) else None
        if message:
            yield message


def _as_gx(item: Expectation, index: int) -> Any:
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    kwargs = dict(item.kwargs)
    if item.where is not None:
        kwargs["row_condition"] = Column(item.where.column).is_in(list(item.where.values))
    if "value_pairs_set" in kwargs:
        kwargs["value_pairs_set"] = [tuple(pair) for pair in kwargs["value_pairs_set"]]
    return getattr(gxe, item.kind)(**kwargs, severity=item.severity, meta={"index": index})


@cache
def _context() -> Any:
    """The ephemeral context of this process: nothing written, no progress bars, no analytics."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)
