"""Training and test rows of one seed in memory, numbered as `encode` numbers parameter rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from hq_assets.problems.contract import Cleaned
    from hq_assets.problems.kernel_classification.settings import Settings


@dataclass(frozen=True)
class SplitRows:
    """Usable rows of one seed: training rows first, then test rows, each in the order of `clean`.

    Attributes:
        record_ids: Shape (rows,).
        values: Features of shape (rows, features).
        labels: True class per row, or None for a new record.
        positive: Whether the class is the positive one, bool; False for a new record.
        num_train: Number of training rows.
    """

    record_ids: list[str]
    values: np.ndarray
    labels: list[str | None]
    positive: np.ndarray
    num_train: int

    @property
    def train(self) -> slice:
        """Positions of the training rows."""
        return slice(0, self.num_train)

    @property
    def test(self) -> slice:
        """Positions of the test rows."""
        return slice(self.num_train, None)

    @property
    def labelled_test(self) -> np.ndarray:
        """Whether a test row has a true class, bool of shape (test rows,)."""
        return np.array([label is not None for label in self.labels[self.test]], dtype=bool)


def split_rows(cleaned: Cleaned, settings: Settings, seed: int) -> SplitRows:
    """Collect the usable training and test rows of a seed."""
    names = list(settings.features)
    usable = (pl.col("seed") == seed) & (pl.col("status") != "dropped")
    rows = cleaned.frame.filter(usable & pl.col("split").is_in(["train", "test"]))
    table = rows.select("record_id", "split", "label", *names).collect(engine="streaming")
    train = table.filter(pl.col("split") == "train")
    ordered = pl.concat([train, table.filter(pl.col("split") == "test")])
    labels = ordered["label"].to_list()
    return SplitRows(
        record_ids=ordered["record_id"].to_list(),
        values=ordered.select(names).to_numpy(),
        labels=labels,
        positive=np.array([label == settings.positive_label for label in labels], dtype=bool),
        num_train=len(train),
    )
