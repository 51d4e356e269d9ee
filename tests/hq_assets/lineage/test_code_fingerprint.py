"""Laws of code versions, on real files of a small first-party package."""

import os
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from hq_assets.lineage.code_fingerprint import (
    ABSENT,
    code_closure,
    code_version,
    package_version,
)

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tree(tmp_path):
    """A package `app`: stage → verb (in a body) → tools; a cycle; a module that nobody imports."""
    files = {
        "app/__init__.py": '"""Doc."""\n',
        "app/stage.py": "import json\nfrom app import cycle\n\n\n"
        "def run():\n    from app.verbs.clean import clean\n    return clean()\n",
        "app/cycle.py": "import app.stage\nimport numpy\n",
        "app/verbs/__init__.py": "",
        "app/verbs/clean.py": "from . import tools\nfrom app.verbs.tools import number\n\n\n"
        "def clean():\n    return number()\n",
        "app/verbs/tools.py": "import sklearn.svm\n\n\ndef number():\n    return 1\n",
        "app/verbs/encode.py": "from ..store.shelf import put\n",
        "app/store/__init__.py": "",
        "app/store/shelf.py": "import yaml\nput = 1\n",
        "app/alone.py": "x = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def version(tree, module="app.stage", **known):
    return code_version(module, root=str(tree), first_party=("app",), **known)


def closure(tree, module="app.stage", **known):
    return code_closure(module, root=str(tree), first_party=("app",), **known)


def edit(tree, name, old, new):
    path = tree / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_closure_follows_bodies_relative_imports_and_cycles(tree):
    found = closure(tree)
    assert list(found.modules) == [
        "app",
        "app.cycle",
        "app.stage",
        "app.verbs",
        "app.verbs.clean",
        "app.verbs.tools",
    ]
    assert set(found.packages) == {"numpy", "sklearn"}
    assert found.missing == ()


def test_a_change_behind_two_imports_changes_the_version(tree):
    before = version(tree)
    edit(tree, "app/verbs/tools.py", "return 1", "return 22")
    assert version(tree) != before


def test_a_comment_behind_two_imports_changes_nothing(tree):
    before = version(tree)
    edit(tree, "app/verbs/tools.py", "return 1", '"""Doc."""\n    return 1  # one')
    edit(tree, "app/__init__.py", "Doc", "Another doc")
    assert version(tree) == before


def test_a_data_file_that_a_module_names_and_stands_beside_counts(tree):
    edit(tree, "app/verbs/tools.py", "return 1", 'return open("rules.json").read()')
    named = version(tree)
    (tree / "app/verbs/rules.json").write_text("[1]")
    first = version(tree)
    (tree / "app/verbs/rules.json").write_text("[2]")
    assert len({named, first, version(tree)}) == 3
    (tree / "app/verbs/other.json").write_text("[3]")
    assert version(tree) == version(tree)
    assert "app.verbs.tools:other.json" not in closure(tree).modules


def test_a_module_that_nobody_imports_changes_nothing(tree):
    before = version(tree)
    edit(tree, "app/alone.py", "x = 1", "x = 2")
    assert version(tree) == before


def test_a_verb_given_by_name_counts(tree):
    before = version(tree, also=["app.verbs.encode"])
    assert before != version(tree)
    edit(tree, "app/store/shelf.py", "put = 1", "put = 2")
    assert version(tree, also=["app.verbs.encode"]) != before


def test_the_closure_stops_where_it_is_told_to(tree):
    known = {"also": ["app.verbs.encode"], "stop_at": ["app.store"]}
    before = version(tree, **known)
    assert "yaml" not in closure(tree, **known).packages
    edit(tree, "app/store/shelf.py", "put = 1", "put = 2")
    assert version(tree, **known) == before


def test_a_stop_is_a_module_and_not_the_beginning_of_a_name(tree):
    (tree / "app/stored.py").write_text("x = 1\n")
    edit(tree, "app/stage.py", "import json", "import app.stored")
    assert "app.stored" in closure(tree, stop_at=["app.store"]).modules


def test_settings_count_and_their_order_does_not(tree):
    assert version(tree, settings={"a": 1, "b": [1]}) == version(tree, settings={"b": [1], "a": 1})
    assert version(tree, settings={"a": 1}) != version(tree, settings={"a": 2})
    assert version(tree, settings={"a": 1}) != version(tree, settings={"a": 1.0})
    assert version(tree, settings={}) != version(tree)


@pytest.mark.parametrize("settings", [{"a": float("nan")}, {"a": {1}}, {"a": Path("b")}])
def test_settings_without_canonical_json_are_refused(tree, settings):
    with pytest.raises(ValueError, match="canonical JSON"):
        version(tree, settings=settings)


def test_an_unknown_module_is_refused_by_name(tree):
    with pytest.raises(ModuleNotFoundError, match=r"app\.nowhere"):
        version(tree, "app.nowhere")
    with pytest.raises(ModuleNotFoundError, match="numpy"):
        version(tree, "numpy")


def test_an_import_without_a_file_is_part_of_the_version(tree):
    edit(tree, "app/stage.py", "import json", "import app.later")
    before = closure(tree)
    assert before.missing == ("app.later",)
    (tree / "app/later.py").write_text("x = 1\n")
    assert version(tree) != before.version


def test_the_root_module_is_part_of_the_version(tree):
    assert set(closure(tree, "app.cycle").modules) == set(closure(tree, "app.stage").modules)
    assert version(tree, "app.cycle") != version(tree, "app.stage")


def test_versions_are_those_of_the_installed_distributions():
    assert package_version("numpy") == metadata.version("numpy")
    assert package_version("sklearn") == metadata.version("scikit-learn")
    assert package_version("yaml") == metadata.version("PyYAML")
    assert package_version("qiskit_aer")[0].isdigit()
    assert package_version("great_expectations")[0].isdigit()
    assert package_version("mpl_toolkits").startswith("matplotlib=")
    assert package_version("no_such_package_at_all") == ABSENT


def test_another_installed_version_of_a_package_changes_the_version(tree):
    """Two processes, each with its own distribution of the same name first on the path."""
    edit(tree, "app/stage.py", "import json", "import invented_package")
    found = {}
    for number in ("1.0", "1.1"):
        site = tree / f"site{number}"
        (site / f"invented_package-{number}.dist-info").mkdir(parents=True)
        (site / f"invented_package-{number}.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: invented-package\nVersion: {number}\n"
        )
        code = (
            "import sys; from hq_assets.lineage.code_fingerprint import code_version;"
            "print(code_version('app.stage', root=sys.argv[1], first_party=('app',)))"
        )
        found[number] = subprocess.run(
            [sys.executable, "-c", code, str(tree)],
            env={**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{PROJECT}"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    assert found["1.0"] != found["1.1"]


def test_neither_the_read_modules_nor_a_heavy_package_are_imported(tree):
    (tree / "app/stage.py").write_text("import polars, qiskit\nraise SystemExit('imported')\n")
    code = (
        "import sys; from hq_assets.lineage.code_fingerprint import code_version;"
        "code_version('app.stage', root=sys.argv[1], first_party=('app',));"
        "heavy = {'app', 'polars', 'qiskit', 'numpy', 'dagster', 'sqlalchemy'} & set(sys.modules);"
        "print(sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tree)],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_platforms_own_modules_have_a_version():
    found = code_closure("resources.backends.contract", also=["hq_assets.problems.contract"])
    assert {"resources.backends.contract", "hq_assets.problems.contract"} <= set(found.modules)
    # Frames and circuits stand there only for type checkers: their versions are not part of it.
    assert set(found.packages) == {"pydantic"}


def test_six_workloads_of_eleven_stages_take_a_fraction_of_a_second(tmp_path):
    """80 modules of 150 lines; the bound is four times the goal of 0.1 s, for slow machines."""
    body = "".join(
        f"\n\ndef step_{index}(rows, limit={index}):\n"
        '    """Return the rows below.\n\n    Raises:\n        ValueError: None is.\n    """\n'
        "    kept = [row for row in rows if row.value < limit and row.name]\n"
        "    if not kept:\n        text = f'none of {len(rows)}'\n        raise ValueError(text)\n"
        "    return sorted(kept, key=lambda row: (row.value, row.name))\n"
        for index in range(12)
    )
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").write_text("")
    for index in range(80):
        links = "".join(f"import app.m{other}\n" for other in range(index + 1, min(index + 4, 80)))
        (tmp_path / f"app/m{index}.py").write_text(f"{links}import numpy, polars, qiskit\n{body}")
    start = time.process_time()
    for workload in range(6):
        for stage in range(11):
            version(tmp_path, f"app.m{stage}", settings={"workload": workload})
    seconds = time.process_time() - start
    assert seconds < 0.4
