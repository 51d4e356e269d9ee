import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hq_assets.lineage.kept_scans import scan_file
from hq_assets.lineage.syntax_tree import scan_source

ROOT = Path(__file__).resolve().parents[3]
SCAN = """
import json, sys
from hq_assets.lineage import kept_scans
parsed = []
scan_source = kept_scans.scan_source
def counted(source, path):
    parsed.append(path)
    return scan_source(source, path)
kept_scans.scan_source = counted
scans = [kept_scans.scan_file(path, 0, 0) for path in sys.argv[1:]]
kept_scans.keep()
imports = [[[i.level, i.module, list(i.names)] for i in scan.imports] for scan in scans]
print(json.dumps([[scan.digest for scan in scans], imports, len(parsed), str(kept_scans._place())]))
"""


@pytest.fixture
def scan(tmp_path):
    """Scan files in a process of its own, which keeps its byte code below `tmp_path`."""

    def run(*paths, **environment):
        settings = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path / "cache"), **environment}
        if "PYTHONDONTWRITEBYTECODE" not in environment:
            settings.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-c", SCAN, *map(str, paths)]
        answer = subprocess.run(
            command, cwd=ROOT, env=settings, capture_output=True, text=True, check=True
        )
        digests, imports, parsed, place = json.loads(answer.stdout)
        return list(zip(digests, imports, strict=True)), parsed, Path(place)

    return run


def test_a_file_is_read_again_when_its_time_or_size_changes(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("x = 1\n")
    before = scan_file(str(path), 1, 6)
    path.write_text("x = 2\n")
    assert scan_file(str(path), 1, 6) is before
    assert scan_file(str(path), 2, 6) != before
    assert scan_file(str(path), 1, 7) != before


def test_a_second_process_takes_the_same_scans_without_parsing(scan):
    paths = sorted((ROOT / "hq_assets" / "lineage").glob("*.py"))
    first, parsed, _ = scan(*paths)
    assert parsed == len(paths)
    again, parsed, _ = scan(*paths)
    assert parsed == 0
    assert again == first
    fresh = [scan_source(path.read_bytes(), str(path)) for path in paths]
    assert [digest for digest, _ in again] == [entry.digest for entry in fresh]
    assert [len(imports) for _, imports in again] == [len(entry.imports) for entry in fresh]


def test_a_changed_file_is_parsed_although_its_time_and_size_are_the_same(scan, tmp_path):
    path = tmp_path / "module.py"
    path.write_text("x = 1\n")
    before, _, _ = scan(path)
    path.write_text("x = 2\n")
    after, parsed, _ = scan(path)
    assert parsed == 1
    assert after != before


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"scanner": "another", "scans": {}}', '{"scanner": 1}', "\x00"]
)
def test_what_cannot_be_used_counts_as_not_kept_and_is_replaced(scan, tmp_path, text):
    path = tmp_path / "module.py"
    path.write_text("import os\n")
    first, _, place = scan(path)
    place.write_text(text)
    second, parsed, _ = scan(path)
    assert (second, parsed) == (first, 1)
    assert scan(path)[1] == 0


def test_scans_of_another_scanner_are_dropped(scan, tmp_path):
    path = tmp_path / "module.py"
    path.write_text("import os\n")
    right, _, place = scan(path)
    document = json.loads(place.read_text())
    (key,) = document["scans"]
    document["scans"][key][0] = "wrong"
    place.write_text(json.dumps(document))
    assert scan(path)[0][0][0] == "wrong"  # taken as kept
    document["scanner"] = "another"
    place.write_text(json.dumps(document))
    assert scan(path)[0] == right


def test_nothing_is_kept_where_python_keeps_no_byte_code(scan, tmp_path):
    path = tmp_path / "module.py"
    path.write_text("x = 1\n")
    _, _, place = scan(path, PYTHONDONTWRITEBYTECODE="1")
    assert not place.exists()
