"""Judgements on `normalized_results`: kernels are kernels, distributions are distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_assets.checks.judgement import EXAMPLES, Judgement, judge_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    import polars as pl

    from hq_assets.checks.evidence import Evidence
    from hq_assets.checks.facts import CheckFacts

TRAIN, TEST = "kernel_train", "kernel_test"
DISTRIBUTIONS = ("probability", "quasi_probability")
SPARSEST = 16
"""Cells per given entry beyond which a kernel is not even laid out; one triangle has at most 4."""
ROUNDING = 1e-9
"""Slack for float64 arithmetic on values of order one."""
SUM_TOLERANCE = 1e-6
"""Slack for the sum of a distribution, whose weights a provider may have rounded."""
TRACY_WIDOM_999 = 3.27
"""0.999 quantile of the Tracy-Widom law of real symmetric matrices (doi:10.1007/BF02099545)."""


def judge(evidence: Evidence, facts: CheckFacts) -> list[Judgement]:
    """Values, completeness, symmetry and spectra of kernels; sums of distributions."""
    import polars as pl

    rows = evidence.rows("normalized_results")
    names = set(rows.select(pl.col("name").unique()).collect(engine="streaming")["name"])
    judgements: list[Judgement] = []
    if names & {TRAIN, TEST}:
        judgements.append(kernel_values_are_fidelities(rows))
        judgements += kernels_are_valid(rows, evidence.facts_of("normalized_results"))
    if names & set(DISTRIBUTIONS):
        judgements.append(distributions_sum_to_one(rows))
        stated = evidence.facts_of("normalized_results")
        circuits = stated.get("facts", stated).get("quasi_probabilities", ())
        judgements.append(
            negative_values_are_declared(rows, circuits, everywhere=facts.negative_probabilities)
        )
    return judgements


def _entries(rows: pl.LazyFrame, *names: str) -> pl.LazyFrame:
    import polars as pl

    found = rows.filter(pl.col("name").is_in(names))
    left, right = (pl.col("indices").list.get(k, null_on_oob=True) for k in (0, 1))
    return found.select("name", "circuit_id", "seed", "value", "std", left=left, right=right)


def kernel_values_are_fidelities(rows: pl.LazyFrame) -> Judgement:
    """Each kernel entry lies between 0 and 1 and has two indices."""
    import polars as pl

    entries = _entries(rows, TRAIN, TEST)
    inside = pl.col("value").is_between(-ROUNDING, 1 + ROUNDING).fill_null(value=False)
    indexed = (pl.col("left").fill_null(-1) >= 0) & (pl.col("right").fill_null(-1) >= 0)
    reason = (
        pl.when(~indexed)
        .then(pl.lit("lacks an index"))
        .otherwise(pl.format("value {} outside [0, 1]", "value"))
    )
    wrong = entries.filter(~inside | ~indexed)
    return judge_rows(
        "kernel_values_are_fidelities",
        wrong.select("name", "circuit_id", "seed", "left", "right", reason=reason),
        holds="every kernel entry lies between 0 and 1",
        fails="kernel entries are no fidelities",
    )


def kernels_are_valid(rows: pl.LazyFrame, stated: Mapping[str, Any]) -> list[Judgement]:
    """Training kernels are complete, symmetric, positive semidefinite; test kernels complete."""
    import polars as pl

    entries = (
        _entries(rows, TRAIN, TEST)
        .filter((pl.col("left") >= 0) & (pl.col("right") >= 0))
        .collect(engine="streaming")
    )
    problems: list[dict[str, Any]] = []
    spectra: list[dict[str, Any]] = []
    for key, part in sorted(
        entries.group_by(["name", "circuit_id", "seed"]), key=lambda entry: str(entry[0])
    ):
        where = dict(zip(("name", "circuit_id", "seed"), key, strict=True))
        matrix, largest_std, found = kernel_matrix(part, symmetric=where["name"] == TRAIN)
        problems += [{**where, **row} for row in found]
        if where["name"] == TRAIN and not found:
            spectra.append({**where, **smallest_eigenvalue(matrix, largest_std)})
    passed = not problems
    summary = (
        "every kernel is complete and symmetric"
        if passed
        else f"{len(problems)} entries missing or unequal"
    )
    numbers = {"kernel_entries": entries.height, "kernel_problems": len(problems)}
    shape = Judgement(
        "kernels_are_complete_and_symmetric",
        passed,
        "critical",
        summary,
        problems[:EXAMPLES],
        numbers,
    )
    return [shape, positive_semidefinite(spectra, stated)] if spectra else [shape]


def kernel_matrix(
    part: pl.DataFrame, *, symmetric: bool
) -> tuple[np.ndarray, float, list[dict[str, Any]]]:
    """Kernel entries as a matrix, the largest standard error, and what is wrong with the entries.

    Args:
        part: Columns left, right, value, std of one kernel, in any order.
        symmetric: Whether one triangle stands for both and an absent diagonal is 1. Else rows and
            columns are the parameter rows that occur, so a kernel need not begin at row 0.
    """
    import numpy as np

    left, right = part["left"].to_numpy(), part["right"].to_numpy()
    if symmetric:
        rows = columns = int(max(left.max(), right.max())) + 1
        row_names = column_names = np.arange(rows)
    else:
        row_names, left = np.unique(left, return_inverse=True)
        column_names, right = np.unique(right, return_inverse=True)
        rows, columns = len(row_names), len(column_names)
    if rows * columns > SPARSEST * max(part.height, 1):
        reason = f"only {part.height} entries up to this index"
        return np.empty((0, 0)), 0.0, [_problem(rows - 1, columns - 1, reason)]
    matrix = np.full((rows, columns), np.nan)
    matrix[left, right] = part["value"].to_numpy()
    problems: list[dict[str, Any]] = []
    if symmetric:
        diagonal = np.diag(matrix)
        off = ~np.isnan(diagonal) & (np.abs(diagonal - 1) > ROUNDING)
        problems += [
            _problem(int(k), int(k), f"diagonal is {diagonal[k]:.6g}, not 1")
            for k in np.flatnonzero(off)
        ]
        np.fill_diagonal(matrix, 1.0)
        apart = np.argwhere(np.triu(np.abs(matrix - matrix.T) > ROUNDING))
        problems += [
            _problem(
                int(i), int(j), f"{matrix[i, j]:.6g} above, {matrix[j, i]:.6g} below the diagonal"
            )
            for i, j in apart
        ]
        matrix = np.where(np.isnan(matrix), matrix.T, matrix)
    missing = np.argwhere(np.isnan(np.triu(matrix) if symmetric else matrix))
    problems += [_problem(int(row_names[i]), int(column_names[j]), "missing") for i, j in missing]
    return matrix, float(part["std"].max() or 0.0), problems  # pyright: ignore[reportArgumentType]


def _problem(left: int, right: int, reason: str) -> dict[str, Any]:
    return {"left": left, "right": right, "reason": reason}


def shot_noise_band(size: int, largest_std: float) -> float:
    """How far below zero shot noise may push the smallest eigenvalue of a valid kernel.

    By Weyl's inequality the shift is at most the spectral norm of the noise matrix. For a symmetric
    matrix of size n with independent entries of standard deviation at most s that is
    s (2 sqrt(n) + q n^(-1/6)), exceeded with probability 1 - F(q) of the Tracy-Widom law F;
    q is its 0.999 quantile, so 0.1% false alarms per kernel.
    """
    rounding = ROUNDING * size
    return largest_std * (2 * size**0.5 + TRACY_WIDOM_999 * size ** (-1 / 6)) + rounding


def smallest_eigenvalue(matrix: np.ndarray, largest_std: float) -> dict[str, float]:
    """Smallest eigenvalue of a symmetric kernel, shape (n, n), and the shot-noise band."""
    from scipy.linalg import eigvalsh

    lowest = float(eigvalsh(matrix, subset_by_index=[0, 0])[0])
    return {"smallest_eigenvalue": lowest, "band": shot_noise_band(len(matrix), largest_std)}


def positive_semidefinite(spectra: list[dict[str, Any]], stated: Mapping[str, Any]) -> Judgement:
    """No training kernel has an eigenvalue below what shot noise explains."""
    wrong = [
        {
            **entry,
            "reason": "smallest eigenvalue {smallest_eigenvalue:.3g} below -{band:.3g}".format(
                **entry
            ),
        }
        for entry in spectra
        if entry["smallest_eigenvalue"] < -entry["band"]
    ]
    lowest = min(entry["smallest_eigenvalue"] for entry in spectra)
    inner = stated.get("facts", stated)
    told = {key: value for key, value in inner.items() if isinstance(value, (int, float))}
    numbers = {
        **told,
        "smallest_eigenvalue": lowest,
        "shot_noise_band": max(e["band"] for e in spectra),
    }
    summary = (
        f"smallest eigenvalue of {len(spectra)} kernels is {lowest:.3g}; "
        f"{len(wrong)} below the shot-noise band"
    )
    return Judgement(
        "kernels_are_positive_semidefinite",
        not wrong,
        "critical",
        summary,
        wrong[:EXAMPLES],
        numbers,
    )


def distributions_sum_to_one(rows: pl.LazyFrame) -> Judgement:
    """Each distribution sums to 1; registers that came apart (`register=bitstring`) sum alone."""
    import polars as pl

    found = rows.filter(pl.col("name").is_in(DISTRIBUTIONS))
    sums = found.group_by(
        "name",
        "circuit_id",
        "seed",
        execution=pl.col("indices").list.get(0, null_on_oob=True),
        register=pl.col("label").str.extract("^([^=]+)="),
    ).agg(total=pl.col("value").sum())
    off = (pl.col("total") - 1).abs()
    numbers = sums.select(off.max(), pl.len()).collect(engine="streaming").row(0)
    wrong = sums.filter(~(off <= SUM_TOLERANCE)).with_columns(
        reason=pl.format("sums to {}", "total")
    )
    return judge_rows(
        "distributions_sum_to_one",
        wrong.select("name", "circuit_id", "seed", "execution", "register", "reason"),
        holds=f"{numbers[1]} distributions sum to 1",
        fails="distributions do not sum to 1",
        metadata={"largest_sum_error": float(numbers[0] or 0.0), "distributions": numbers[1]},
    )


def negative_values_are_declared(
    rows: pl.LazyFrame, circuits: Collection[str] = (), *, everywhere: bool = False
) -> Judgement:
    """A value below zero stands under the name `quasi_probability`, or its circuit is declared.

    Args:
        rows: The normalized results.
        circuits: Circuits whose quasi-probabilities the stage declares in its facts.
        everywhere: Whether the workload declares them for all.
    """
    import polars as pl

    undeclared = ~pl.col("circuit_id").is_in(sorted(circuits)) & pl.lit(not everywhere)
    wrong = rows.filter(
        (pl.col("name") == "probability") & (pl.col("value") < -ROUNDING) & undeclared
    )
    return judge_rows(
        "negative_values_are_declared",
        wrong.select(
            "name", "circuit_id", "seed", "label", reason=pl.format("probability {}", "value")
        ),
        holds="no undeclared value below zero",
        fails="probabilities are below zero and not declared as quasi-probabilities",
    )
