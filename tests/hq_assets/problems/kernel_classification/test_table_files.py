import gzip
import os
import tracemalloc

import pytest

from hq_assets.problems.contract import DataError, SourceFile
from hq_assets.problems.kernel_classification.table_files import check_table
from hq_assets.problems.kernel_classification.table_survey import survey_table


def refused(path, source, settings):
    with pytest.raises(DataError) as caught:
        survey_table([source(path)], settings(), [0])
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (b"\n\n", "is empty"),
        (b"id,a,b,c,y\n", "has a header, but no rows"),
        (gzip.compress(b"id,a,b,c,y\n1,2,3,4,yes\n"), "gzip-compressed"),
        ("id,a,b,c,y\n".encode("utf-16"), "UTF-16"),
        ("id,a,b,c,ÿ\n1,2,3,4,yes\n".encode("latin-1"), "line 1: byte 0xff is not UTF-8"),
        ("id,a,b,c,y\n1,2,3,4,yes\né,2,3,4,no\n".encode("latin-1"), "line 3: byte 0xe9"),
        (b"id,a,b,y\n1,2,3,yes\n", "line 1: columns ['c'] are missing"),
        (b"id,a,b,c,a,y\n1,2,3,4,5,yes\n", "columns ['a'] stand twice"),
        (b"id,a,b,c,y\n1,2,3,4,yes\n2,2,3\n", "line 3: the last line has 3 of 5 fields"),
        (b"id,a,b,c,y\n1,2,3,4,yes,6\n2,2,3,4,no\n", "line 2: 6 fields were found"),
        (b'id,a,b,c,y\n1,2,"3,4,yes\n2,2,3,4,no\n', "bad.csv"),
    ],
    ids=[
        "empty", "blank", "header only", "gzip", "utf-16", "latin-1 header", "latin-1 row",
        "missing column", "repeated column", "cut", "too many fields", "open quote",
    ],
)  # fmt: skip
def test_an_unusable_file_is_refused_with_file_line_and_what_to_do(
    tmp_path, source, settings, content, words
):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    message = refused(path, source, settings)
    assert words in message
    assert "bad.csv" in message


def test_no_file_at_all_is_refused(settings):
    with pytest.raises(DataError, match="No source file"):
        survey_table([], settings(), [0])


def test_a_byte_order_mark_and_windows_line_ends_are_read(table, source, settings):
    plain = table()
    text = plain.local.read_text().replace("\n", "\r\n")
    marked = plain.local.with_name("windows.csv")
    marked.write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = survey_table([source(marked)], settings(), [0])
    assert found.facts["rows_usable"] == 60


def test_a_huge_file_without_a_line_end_is_refused_in_little_memory(tmp_path):
    path = tmp_path / "bad.csv"
    path.touch()
    os.truncate(path, 1 << 30)
    file = SourceFile(path=path.name, local=path, content_hash="0" * 64, size=1 << 30)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="no line end in its first"):
            check_table(file, ["id"])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16 << 20
