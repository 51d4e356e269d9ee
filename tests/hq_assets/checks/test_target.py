"""A target states its backend."""

import pytest

from hq_assets.checks import target

GOOD = {"backend": "ideal_aer", "target_fingerprint": "0" * 64, "limits": {"num_qubits": 20}}


def test_a_stated_backend_passes_with_its_qubits():
    verdict = target.backend_is_stated(GOOD)
    assert verdict.passed
    assert verdict.metadata == {"num_qubits": 20}


@pytest.mark.parametrize(
    ("planted", "field"),
    [
        ({"backend": ""}, "backend"),
        ({"target_fingerprint": "abc"}, "target_fingerprint"),
        ({"limits": {"num_qubits": 0}}, "limits.num_qubits"),
        ({"limits": None}, "limits.num_qubits"),
    ],
)
def test_a_missing_statement_is_named(planted, field):
    verdict = target.backend_is_stated({**GOOD, **planted})
    assert not verdict.passed
    assert [row["field"] for row in verdict.rows] == [field]
