"""The tables of docs/add-a-workload.md, made from the models; `python -m tests.docs.keys_in_docs` writes them."""

import importlib
import re

from hq_assets.components.hybrid_workload import HybridWorkload, known_kinds
from hq_assets.components.keys import keys_table
from resources.home import project_root

PAGE = project_root() / "docs" / "add-a-workload.md"
BLOCK = re.compile(r"(<!-- (keys|metrics): ([\w.]+) -->\n)(.*?)(<!-- end -->)", flags=re.DOTALL)


def settings_of(kind):
    """The settings class of a problem kind."""
    return importlib.import_module(f"hq_assets.problems.{kind}.settings").Settings


def expected(what: str, of: str) -> str:
    """Text of one block."""
    if what == "metrics":
        names = importlib.import_module(f"hq_assets.problems.{of}.settings").METRICS
        return ", ".join(f"`{name}`" for name in names) + ".\n"
    if of == "defs.yaml":
        return keys_table(HybridWorkload) + "\n"
    return keys_table(settings_of(of), "problem.") + "\n"


def blocks(text: str) -> dict[tuple[str, str], str]:
    """(what, of) → text between the markers."""
    return {(what, of): body for _, what, of, body, _ in BLOCK.findall(text)}


def wanted_blocks() -> set[tuple[str, str]]:
    """The blocks that the page must have: one for the file, two for each problem kind."""
    kinds = known_kinds()
    return {("keys", "defs.yaml"), *(("keys", k) for k in kinds), *(("metrics", k) for k in kinds)}


def written(text: str) -> str:
    """The page with every block as the models have it."""
    return BLOCK.sub(lambda m: f"{m[1]}{expected(m[2], m[3])}{m[5]}", text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
