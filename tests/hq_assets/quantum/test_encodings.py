import math
import subprocess
import sys

import numpy as np
import pytest

from hq_assets.quantum.encodings import (
    check_encoding,
    clip_features,
    encoding_names,
    encoding_rule,
)


def test_the_rules_are_readable_without_numpy_and_qiskit():
    program = (
        "import sys\n"
        "from hq_assets.quantum.encodings import check_encoding, encoding_names\n"
        "assert not any(check_encoding('zz', 8, 8, 'full', 2)), 'fits'\n"
        "assert encoding_names()\n"
        "print(sorted({'numpy', 'qiskit', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_encoding_declares_a_complete_contract():
    assert encoding_names() == ("angle", "zz", "iqp", "basis", "amplitude")
    for name in encoding_names():
        rule = encoding_rule(name)
        assert rule.low < rule.high
        assert 1 <= rule.min_qubits <= rule.max_qubits
        assert rule.description
        assert rule.range_reason
        assert rule.max_reason


def test_an_unknown_encoding_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'fourier' is not known.*angle, zz, iqp"):
        encoding_rule("fourier")
    assert "angle, zz" in check_encoding("fourier", 4)[0]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (("zz", 1, 1, "full", 1), ["1 qubits", "2 to 156"]),
        (("zz", 8, 9, "full", 1), ["9 features", "exactly 8"]),
        (("zz", 8, 8, "star", 1), ["'star'", "linear, full, circular"]),
        (("zz", 8, 8, None, 1), ["None", "linear, full, circular"]),
        (("zz", 8, 8, "full", 0), ["0 reps", "1 to 10"]),
        (("angle", 3, 3, "full", 1), ["'full'", "none"]),
        (("angle", 3, 3, None, 2), ["2 reps", "takes 1"]),
        (("amplitude", 3, 9, None, 1), ["9 features", "1 to 8"]),
        (("amplitude", 40, 9, None, 1), ["40 qubits", "1 to 12"]),
    ],
)
def test_a_choice_outside_the_rules_is_told_what_was_given_and_what_is_allowed(choice, words):
    messages = check_encoding(*choice)
    assert len(messages) == 1
    for word in words:
        assert word in messages[0]


def test_all_broken_rules_are_told_at_once():
    assert len(check_encoding("zz", 1, 5, "star", 99)) == 4


def test_amplitude_takes_up_to_two_to_the_n_features_and_one_parameter_less():
    assert check_encoding("amplitude", 3, 8) == []
    assert encoding_rule("amplitude").num_parameters(3) == 7
    assert encoding_rule("zz").num_parameters(3) == 3


def test_clipping_moves_only_what_is_outside_and_marks_it():
    clipped, changed = clip_features("zz", [[-0.5, 1.0, 7.0]])
    np.testing.assert_allclose(clipped, [[0.0, 1.0, 2 * math.pi]])
    assert changed.tolist() == [[True, False, True]]


def test_basis_features_become_bits_at_one_half():
    clipped, changed = clip_features("basis", [[0.0, 0.49, 0.5, 1.0, 3.0]])
    assert clipped.tolist() == [[0.0, 0.0, 1.0, 1.0, 1.0]]
    assert changed.tolist() == [[False, True, True, False, True]]


def test_amplitude_rows_become_unit_vectors_even_when_their_squares_overflow():
    clipped, _ = clip_features("amplitude", [[3e200, 4e200], [3.0, -4.0]])
    np.testing.assert_allclose(clipped, [[0.6, 0.8], [0.6, -0.8]])


@pytest.mark.parametrize("features", [[[math.nan]], [[math.inf]], [1.0, 2.0]])
def test_values_that_are_not_finite_or_not_rows_are_refused(features):
    with pytest.raises(ValueError, match="two axes and finite"):
        clip_features("angle", features)


def test_a_zero_row_has_no_direction():
    with pytest.raises(ValueError, match="Row 1 is all zero"):
        clip_features("amplitude", [[1.0, 0.0], [0.0, 0.0]])
