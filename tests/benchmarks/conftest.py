"""Measuring: our code and its peers in one process, in turn, in process CPU seconds."""

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

# Read by the linear algebra libraries when they load, so it stands before they are imported.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["QISKIT_PARALLEL"] = "FALSE"


@dataclass(frozen=True)
class Row:
    """One line of the table that `make bench` prints.

    Attributes:
        id: Number of the goal.
        name: What was measured, peer included.
        goal: Ratio wanted, e.g. `>= 30`.
        ours: Our median, CPU seconds.
        peer: The peer's median, CPU seconds.
        ratio: peer / ours for goals `>=`, ours / peer for goals `<=`.
        spread: Quartile distance of our seconds over their median.
        n: Repetitions: ours, peer.
    """

    id: str
    name: str
    goal: str
    ours: float
    peer: float
    ratio: float
    spread: float
    n: tuple[int, int]


class Measure:
    """Times variants in turn and records rows."""

    def seconds(
        self, variants: Mapping[str, Callable[[], object]], repeats: Mapping[str, int] | int = 7
    ) -> dict[str, list[float]]:
        """CPU seconds of every variant and repetition; each variant runs once before it counts.

        Variants with fewer repetitions stop earlier; the others go on in turn.
        """
        counts = {name: repeats if isinstance(repeats, int) else repeats[name] for name in variants}
        for call in variants.values():
            call()
        taken: dict[str, list[float]] = {name: [] for name in variants}
        for turn in range(max(counts.values())):
            for name, call in variants.items():
                if turn < counts[name]:
                    start = time.process_time()
                    call()
                    taken[name].append(time.process_time() - start)
        return taken

    def record(
        self,
        goal_id: str,
        name: str,
        goal: tuple[str, float],
        ours: list[float],
        peer: list[float],
        peer_scale: float = 1.0,
    ) -> float:
        """Print and store a row; return its ratio.

        Args:
            goal_id: Number of the goal.
            name: What was measured.
            goal: `>=` (peer / ours) or `<=` (ours / peer), and the ratio wanted.
            ours: Our CPU seconds.
            peer: The peer's CPU seconds.
            peer_scale: Factor by which the peer's measured share of the work is extrapolated.
        """
        median_ours = statistics.median(ours)
        median_peer = statistics.median(peer) * peer_scale
        relation, wanted = goal
        ratio = median_peer / median_ours if relation == ">=" else median_ours / median_peer
        quartiles = statistics.quantiles(ours, n=4)
        row = Row(
            id=goal_id,
            name=name,
            goal=f"{relation} {wanted:g}",
            ours=median_ours,
            peer=median_peer,
            ratio=ratio,
            spread=(quartiles[2] - quartiles[0]) / median_ours,
            n=(len(ours), len(peer)),
        )
        line = json.dumps(asdict(row))
        print(f"\n{line}")  # noqa: T201 - the table of measurements is the purpose
        if path := os.environ.get("HQ_BENCH_OUT"):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        return ratio


@pytest.fixture
def measure() -> Measure:
    """Timing and recording."""
    return Measure()
