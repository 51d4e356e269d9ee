import numpy as np
import polars as pl
import pytest

from hq_assets.problems.contract import DataError, Encoded
from hq_assets.problems.kernel_classification.combine_results import combine_results
from hq_assets.problems.kernel_classification.encode import kernel_pairs


def counts(zeros, shots, seed=0, method="sampled", bits="00"):
    """Two rows per execution, as a backend returns them."""
    parts = [
        pl.DataFrame(
            {
                "circuit_id": ["k"] * len(zeros),
                "seed": pl.Series([seed] * len(zeros), dtype=pl.Int64),
                "execution": range(len(zeros)),
                "bitstring": [string] * len(zeros),
                "count": pl.Series(numbers, dtype=pl.Int64),
                "weight": pl.Series([None] * len(zeros), dtype=pl.Float64),
                "shots": pl.Series([shots] * len(zeros), dtype=pl.Int64),
                "method": [method] * len(zeros),
            }
        )
        for string, numbers in ((bits, zeros), ("rest", shots - np.array(zeros)))
    ]
    return pl.concat(parts)


@pytest.fixture
def encoded():
    return Encoded(frame=pl.LazyFrame(), pairs=kernel_pairs("k", 0, 2, 1))


def test_an_entry_is_the_share_of_all_zero_outcomes_of_what_came_back(encoded, settings):
    found = combine_results(counts([50, 20, 100], 100).lazy(), encoded, settings(), [0])
    rows = found.frame.collect()
    assert rows["name"].to_list() == ["kernel_train", "kernel_test", "kernel_test"]
    assert rows["indices"].to_list() == [[0, 1], [2, 0], [2, 1]]
    assert rows["value"].to_list() == [0.5, 0.2, 1.0]
    assert rows["std"].to_list()[:2] == pytest.approx([0.05, 0.04])
    assert 0 < rows["std"][2] < 0.02


def test_the_order_of_the_count_rows_does_not_matter(encoded, settings):
    table = counts([50, 20, 100], 100)
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=3)
    one, other = (
        combine_results(given.lazy(), encoded, settings(), [0]).frame.collect()
        for given in (table, shuffled)
    )
    assert one.equals(other)


def test_an_execution_that_never_returned_zero_counts_as_zero(encoded, settings):
    table = counts([50, 20, 100], 100).filter(
        ~((pl.col("execution") == 1) & (pl.col("bitstring") == "00"))
    )
    lost_shots = combine_results(table.lazy(), encoded, settings(), [0]).frame.collect()
    assert lost_shots["value"][1] == 0.0
    assert lost_shots["std"][1] > 0


def test_zeros_of_several_registers_are_zeros(encoded, settings):
    found = combine_results(counts([50, 20, 10], 100, bits="0 0").lazy(), encoded, settings(), [0])
    assert found.frame.collect()["value"].to_list() == [0.5, 0.2, 0.1]


def test_exact_weights_have_no_error(encoded, settings):
    table = counts([50, 20, 10], 0, method="exact").with_columns(
        count=pl.lit(None, pl.Int64),
        weight=pl.when(pl.col("bitstring") == "00").then(0.25).otherwise(0.75),
    )
    rows = combine_results(table.lazy(), encoded, settings(), [0]).frame.collect()
    assert rows["value"].to_list() == [0.25] * 3
    assert rows["std"].to_list() == [0.0] * 3


def test_a_seed_that_lacks_some_entries_is_refused_and_one_without_any_is_left_out(
    encoded, settings
):
    part = counts([50, 20, 100], 100).filter(pl.col("execution") != 1)
    with pytest.raises(DataError, match="1 of 3 kernel entries have no counts"):
        combine_results(part.lazy(), encoded, settings(), [0])
    other = combine_results(counts([5], 10, seed=9).lazy(), encoded, settings(), [0])
    assert other.frame.collect().is_empty()


def test_a_repair_keeps_the_measured_values_recoverable(settings):
    encoded = Encoded(frame=pl.LazyFrame(), pairs=kernel_pairs("k", 0, 3, 1))
    measured = [99, 99, 0, 40, 50, 60]
    found = combine_results(counts(measured, 100).lazy(), encoded, settings(), [0])
    facts = found.facts["kernels"]["k, seed 0"]
    rows = found.frame.collect()
    assert facts["repaired"]
    assert facts["smallest_eigenvalue"] == pytest.approx(1 - np.sqrt(2) * 0.99)
    assert (rows["value"] / facts["factor"]).to_list() == pytest.approx([m / 100 for m in measured])
    a, b, c = rows["value"][:3]
    assert np.linalg.eigvalsh([[1, a, b], [a, 1, c], [b, c, 1]])[0] > -1e-9


def test_encoded_inputs_without_pairs_are_refused(settings):
    with pytest.raises(DataError, match="hold no pairs"):
        combine_results(counts([1], 2).lazy(), Encoded(frame=pl.LazyFrame()), settings(), [0])
