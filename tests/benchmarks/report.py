"""`make bench`: run every benchmark and print one table of ratios with the machine named."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main() -> int:
    """Run the benchmarks in one pytest process; returns its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.jsonl"
        command = [sys.executable, "-m", "pytest", "-m", "benchmark", "-q", *sys.argv[1:]]
        status = subprocess.run(
            command, env={**os.environ, "HQ_BENCH_OUT": str(out)}, check=False
        ).returncode
        text = out.read_text(encoding="utf-8") if out.exists() else ""
    Console().print(table([json.loads(line) for line in text.splitlines()]))
    return status


def table(rows: list[dict]) -> Table:
    """One line per measurement, in the order of their ids."""
    title = f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.machine()}"
    shown = Table("id", "work", "ours", "peer", "ratio", "goal", "spread", "n", title=title)
    for row in sorted(rows, key=lambda item: str(item["id"])):
        shown.add_row(
            *[
                _text(row.get(name))
                for name in ("id", "name", "ours", "peer", "ratio", "goal", "spread", "n")
            ]
        )
    return shown


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " – ".join(_text(item) for item in value)
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
