"""The source table: records counted without parsing, and one version whoever computes it."""

import pytest

from hq_assets.stages import source
from hq_assets.stages.spec import WorkloadSpec
from resources.home import HomeResource
from resources.store.resource import StoreResource


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"", 0),
        (b"a,b\n", 0),
        (b"a,b", 0),
        (b"a,b\n1,2\n3,4\n", 2),
        (b"a,b\r\n1,2\r\n3,4", 2),
        (b"a,b\n1,2\n\n3,4\n\n", 4),
        (b'a,b\n"x\ny",2\n"say ""hi""\n",4\n', 2),
        (b'"a\n",b\n"1\n\n",2\n', 1),
    ],
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_records_are_lines_after_the_header_and_outside_quotes(
    tmp_path, monkeypatch, content, records, chunk
):
    monkeypatch.setattr(source, "CHUNK_BYTES", chunk)
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    assert source.count_records(path) == records


def test_files_that_are_not_csv_have_no_number_of_records_and_the_version_is_the_captured_one(
    tmp_path,
):
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "a.csv").write_text("x\n1\n2\n")
    (folder / "b.qasm").write_text("OPENQASM 3.0;\n")
    spec = WorkloadSpec(
        name="lab",
        folder=folder,
        sources=("*",),
        kind="kernel_classification",
        problem={},
        profiles=(),
        default_profile=None,
        default_backend="ideal_aer",
        template_version="1.0.0",
        release_note="first",
    )
    store = StoreResource(home=HomeResource(folder=str(tmp_path / "home"))).open()
    artifact = source.capture(spec, store)
    rows = store.scan_table(artifact.tables["rows"]).collect()
    assert dict(rows.select("path", "records").rows()) == {"a.csv": 2, "b.qasm": None}
    assert source.content_version(spec) == artifact.data_version
