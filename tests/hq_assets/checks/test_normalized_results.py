"""Kernels and distributions: laws first, then planted faults."""

import numpy as np
import polars as pl
import pytest

from hq_assets.checks import normalized_results as judged
from hq_assets.checks.evidence import Evidence
from hq_assets.checks.facts import CheckFacts


def _kernel(rng, size, dimension=64):
    states = rng.normal(size=(size, dimension)) + 1j * rng.normal(size=(size, dimension))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    return np.abs(states @ states.conj().T) ** 2


def _sampled(rng, kernel, shots):
    upper = np.triu(rng.binomial(shots, np.clip(kernel, 0, 1)) / shots, 1)
    return upper + upper.T + np.eye(len(kernel))


def _rows(matrix, shots=0, name="kernel_train", seed=0, keep=None):
    size = matrix.shape
    square = name == "kernel_train"
    cells = [(i, j) for i in range(size[0]) for j in range(i + 1 if square else 0, size[1])]
    cells = keep(cells) if keep else cells
    values = [float(matrix[cell]) for cell in cells]
    stds = [(v * (1 - v) / shots) ** 0.5 if shots else 0.0 for v in values]
    return pl.LazyFrame(
        {
            "name": [name] * len(cells),
            "circuit_id": "zz",
            "seed": seed,
            "indices": [list(cell) for cell in cells],
            "label": pl.Series([None] * len(cells), dtype=pl.String),
            "value": values,
            "std": stds,
        }
    )


def _judge(rows, stated=None, **facts):
    evidence = Evidence(
        {"normalized_results": {"rows": rows}}, {"normalized_results": stated or {}}
    )
    return {each.name: each for each in judged.judge(evidence, CheckFacts(**facts))}


def test_an_exact_kernel_is_valid_in_one_triangle_and_in_both():
    kernel = _kernel(np.random.default_rng(0), 30)
    both = _rows(kernel, keep=lambda _: [(i, j) for i in range(30) for j in range(30)])
    for rows in (_rows(kernel), both):
        verdicts = _judge(rows)
        assert all(each.passed for each in verdicts.values())
    lowest = verdicts["kernels_are_positive_semidefinite"].metadata["smallest_eigenvalue"]
    assert lowest == pytest.approx(np.linalg.eigvalsh(kernel)[0], abs=1e-10)


def test_shot_noise_on_valid_kernels_stays_inside_the_band():
    # 0.1% false alarms per kernel at most: 2 or more among 60 come less than once in 500.
    rng = np.random.default_rng(1)
    rank_one = np.ones((60, 60)) * 0.5 + 0.5 * np.eye(60)
    rank_one[:, :] = 0.5
    np.fill_diagonal(rank_one, 1.0)
    kernels = [_kernel(rng, 60, 4) if k % 2 else rank_one for k in range(60)]
    name = "kernels_are_positive_semidefinite"
    sampled = [_rows(_sampled(rng, kernel, 256), 256) for kernel in kernels]
    failed = [rows for rows in sampled if not _judge(rows)[name].passed]
    assert len(failed) < 2


def test_the_band_is_no_wider_than_a_few_noise_norms():
    rng = np.random.default_rng(2)
    noise = np.triu(rng.normal(0, 0.01, (200, 200)), 1)
    norm = np.linalg.eigvalsh(noise + noise.T)[-1]
    assert norm < judged.shot_noise_band(200, 0.01) < 1.2 * norm


def test_a_kernel_that_shot_noise_cannot_explain_fails_with_its_seed():
    kernel = _kernel(np.random.default_rng(3), 40)
    kernel[0, 1:] = kernel[1:, 0] = 0.9
    verdict = _judge(_rows(kernel, 4096, seed=7))["kernels_are_positive_semidefinite"]
    assert not verdict.passed
    assert verdict.rows[0]["seed"] == 7
    assert "smallest eigenvalue -" in verdict.rows[0]["reason"]


def test_an_exact_kernel_with_a_slightly_negative_eigenvalue_fails():
    values, vectors = np.linalg.eigh(_kernel(np.random.default_rng(4), 20))
    values[0] = -1e-4
    broken = vectors @ np.diag(values) @ vectors.T
    broken /= np.sqrt(np.outer(np.diag(broken), np.diag(broken)))
    assert not _judge(_rows(broken))["kernels_are_positive_semidefinite"].passed


def test_what_the_stage_states_of_a_repair_is_reported():
    kernel = _kernel(np.random.default_rng(0), 10)
    verdict = _judge(_rows(kernel), {"facts": {"smallest_eigenvalue_before": -0.2}})
    assert (
        verdict["kernels_are_positive_semidefinite"].metadata["smallest_eigenvalue_before"] == -0.2
    )


def _planted(change):
    kernel = _kernel(np.random.default_rng(0), 6)
    rows = _rows(kernel, keep=lambda _: [(i, j) for i in range(6) for j in range(6)])
    return change(rows)


def _set(left, right, value):
    where = (pl.col("indices").list.get(0) == left) & (pl.col("indices").list.get(1) == right)
    return lambda rows: rows.with_columns(value=pl.when(where).then(value).otherwise("value"))


def _without(*cells):
    keys = [f"{i},{j}" for i, j in cells]
    key = pl.concat_str(pl.col("indices").list.get(0), pl.lit(","), pl.col("indices").list.get(1))
    return lambda rows: rows.filter(~key.is_in(keys))


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        (_set(1, 2, 1.01), "kernel_values_are_fidelities", "value 1.01 outside [0, 1]"),
        (_set(1, 2, -0.01), "kernel_values_are_fidelities", "value -0.01 outside [0, 1]"),
        (_set(3, 3, 0.9), "kernels_are_complete_and_symmetric", "diagonal is 0.9, not 1"),
        (_without((1, 2), (2, 1)), "kernels_are_complete_and_symmetric", "missing"),
        (_set(0, 5, 0.5), "kernels_are_complete_and_symmetric", "0.5 above, "),
    ],
)
def test_a_planted_fault_of_a_kernel_is_named(change, name, reason):
    verdict = _judge(_planted(change))[name]
    assert not verdict.passed
    assert reason in verdict.rows[0]["reason"]


def test_a_stray_index_is_named_and_nothing_is_laid_out_for_it():
    rows = _rows(_kernel(np.random.default_rng(0), 6))
    stray = rows.head(1).with_columns(indices=pl.Series([[0, 3_000_000]]))
    verdict = _judge(pl.concat([rows, stray]))["kernels_are_complete_and_symmetric"]
    assert verdict.rows[0]["right"] == 3_000_000
    negative = rows.head(1).with_columns(indices=pl.Series([[0, -1]]))
    verdict = _judge(pl.concat([rows, negative]))["kernel_values_are_fidelities"]
    assert verdict.rows[0]["reason"] == "lacks an index"


def test_a_missing_entry_below_the_diagonal_is_given_by_the_one_above():
    assert _judge(_planted(_without((2, 1), (4, 0))))["kernels_are_complete_and_symmetric"].passed


def test_a_test_kernel_must_be_complete_and_needs_no_symmetry():
    matrix = np.random.default_rng(0).uniform(size=(5, 8))
    assert all(each.passed for each in _judge(_rows(matrix, name="kernel_test")).values())
    cut = _rows(matrix, name="kernel_test", keep=lambda cells: [c for c in cells if c != (3, 4)])
    verdict = _judge(cut)["kernels_are_complete_and_symmetric"]
    assert [(row["left"], row["right"], row["reason"]) for row in verdict.rows] == [
        (3, 4, "missing")
    ]


def _distribution(values, labels=("00", "11"), name="probability"):
    return pl.LazyFrame(
        {
            "name": [name] * len(values),
            "circuit_id": ["bell"] * len(values),
            "seed": [0] * len(values),
            "indices": [[0]] * len(values),
            "label": list(labels),
            "value": values,
            "std": [0.0] * len(values),
        }
    )


def test_distributions_sum_to_one_each_register_for_itself():
    assert _judge(_distribution([0.25, 0.75]))["distributions_sum_to_one"].passed
    apart = _distribution([0.5, 0.5, 1.0], ("a=0", "a=1", "b=01"))
    assert _judge(apart)["distributions_sum_to_one"].metadata["distributions"] == 2
    assert _judge(apart)["distributions_sum_to_one"].passed


def test_a_distribution_that_does_not_sum_to_one_is_named():
    verdict = _judge(_distribution([0.25, 0.7]))["distributions_sum_to_one"]
    assert not verdict.passed
    assert verdict.rows[0]["circuit_id"] == "bell"
    assert verdict.rows[0]["reason"] == "sums to 0.95"


def test_a_negative_probability_passes_only_where_it_is_declared():
    rows = _distribution([-0.1, 1.1])
    name = "negative_values_are_declared"
    assert _judge(rows)[name].rows[0]["reason"] == "probability -0.1"
    assert _judge(rows, {"facts": {"quasi_probabilities": ["bell"]}})[name].passed
    assert not _judge(rows, {"facts": {"quasi_probabilities": ["ghz"]}})[name].passed
    assert _judge(rows, negative_probabilities=True)[name].passed
    assert _judge(_distribution([-0.1, 1.1], name="quasi_probability"))[name].passed


def test_nothing_is_judged_of_a_table_without_rows():
    assert _judge(_distribution([], ())) == {}
