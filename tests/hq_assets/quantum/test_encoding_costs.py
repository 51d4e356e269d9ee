import pytest

from hq_assets.quantum.encoding_costs import (
    choose_encoding,
    encoding_cost,
    encoding_costs,
    qubits_needed,
)


@pytest.mark.parametrize(
    ("encoding", "num_features", "num_qubits"),
    [("angle", 5, 5), ("zz", 1, 2), ("amplitude", 1, 1), ("amplitude", 8, 3), ("amplitude", 9, 4)],
)
def test_the_fewest_qubits_hold_the_features(encoding, num_features, num_qubits):
    assert qubits_needed(encoding, num_features) == num_qubits


def test_two_qubit_gates_follow_their_closed_forms():
    n = 5
    assert encoding_cost("angle", n).map_figures.two_qubit_gates == 0
    linear = encoding_cost("zz", n, 2, "linear")
    full = encoding_cost("zz", n, 2, "full")
    assert linear.map_figures.two_qubit_gates == 2 * 2 * (n - 1)
    assert full.map_figures.two_qubit_gates == 2 * n * (n - 1)
    assert full.pair_figures.two_qubit_gates == 2 * full.map_figures.two_qubit_gates
    assert encoding_cost("iqp", n, 1, "full").map_figures.two_qubit_gates == n * (n - 1) // 2
    assert encoding_cost("amplitude", 16).map_figures.two_qubit_gates == 2**4 - 2
    assert encoding_cost("amplitude", 16).num_parameters == 15


def test_the_cost_table_leaves_out_what_cannot_hold_the_features():
    assert [cost.encoding for cost in encoding_costs(8)] == [
        "angle", "zz", "iqp", "basis", "amplitude",
    ]  # fmt: skip
    assert [cost.encoding for cost in encoding_costs(200)] == ["amplitude"]
    assert "zz" not in {cost.encoding for cost in encoding_costs(1)}


@pytest.mark.parametrize(
    ("num_features", "kind", "limits", "encoding", "words"),
    [
        (4, "values", (8, 100), "zz", ["4 qubits", "12 two-qubit gates"]),
        (4, "values", (8, 10), "iqp", ["6 two-qubit gates", "zz needs", "above 8 or 10"]),
        (4, "values", (8, 0), "angle", ["0 two-qubit gates", "iqp needs"]),
        (4, "bits", (8, 0), "basis", ["4 qubits"]),
        (16, "direction", (4, 100), "amplitude", ["4 qubits", "28 two-qubit gates"]),
    ],
)
def test_the_choice_explains_itself(num_features, kind, limits, encoding, words):
    choice = choose_encoding(num_features, kind, *limits)
    assert choice.encoding == encoding
    for word in words:
        assert word in choice.reason


def test_a_choice_without_a_fit_names_what_each_would_need():
    with pytest.raises(ValueError, match="angle needs 9 qubits"):
        choose_encoding(9, "values", 8, 1000)
    with pytest.raises(ValueError, match="20000 features"):
        choose_encoding(20_000, "direction", 9, 9)
