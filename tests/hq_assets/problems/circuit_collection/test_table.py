"""The parameter table: a bad line harms no other line."""

import pytest

from hq_assets.problems.circuit_collection.table import finite, parse_table


def test_lines_are_named_finite_numbers_and_empty_cells_are_left_out():
    (first, second) = parse_table("file,a,b\nx.qasm, 1.5 ,-2e-3\n\ny.qasm,,0\n")
    assert (first.line, first.target, first.names, first.values) == (
        2,
        "x.qasm",
        ("a", "b"),
        (1.5, -0.002),
    )
    assert (second.line, second.names, second.values) == (4, ("b",), (0.0,))


@pytest.mark.parametrize(
    "cell", ["nan", "inf", "-Infinity", "1_000", "pi", "0x1", "1e999", "\u0661"]
)
def test_a_cell_that_is_no_finite_number_refuses_its_line_only(cell):
    bad, good = parse_table(f"file,a\nx.qasm,{cell}\nx.qasm,1\n")
    assert finite(cell) is None
    assert (bad.status, bad.target) == ("error", "x.qasm")
    assert "finite number" in (bad.reason or "")
    assert good.values == (1.0,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("circuit,a\nx,1\n", "exactly one column `file`"),
        ("file,a,a\nx,1,2\n", "more than once"),
        ("file,a,\nx,1,2\n", "without a name"),
    ],
)
def test_a_wrong_header_refuses_the_whole_table(text, words):
    (line,) = parse_table(text)
    assert (line.line, line.status) == (0, "error")
    assert words in (line.reason or "")


def test_lines_of_another_length_or_without_file_are_refused():
    lines = parse_table("file,a\nx,1,2\n,3\nx,4\n")
    assert [line.status for line in lines] == ["error", "error", "ok"]
    assert "3 cells" in (lines[0].reason or "")
    assert "names no file" in (lines[1].reason or "")


def test_quotes_that_never_close_keep_the_lines_before_them():
    lines = parse_table('file,a\nx,1\ny,"2\n')
    assert (lines[0].status, lines[1].status) == ("ok", "error")
