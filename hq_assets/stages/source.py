"""Stage `source`: the bytes of the source files, captured by content.

Capturing copies the bytes into the store, so that every later number can be traced to bytes that can no
longer change. The sensor and `hq run` report a changed source through the same `capture`.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from hq_assets.problems.contract import SCHEMA_VERSION, DataError
from hq_assets.stages.call import Produced, StageCall
from hq_assets.stages.chain import stage_asset
from hq_assets.stages.rendering import markdown_table
from hq_assets.stages.spec import WorkloadSpec
from resources.store.artifact import Artifact, TableEntry

STAGE = "source"
CHUNK_BYTES = 1 << 20


def source_paths(spec: WorkloadSpec) -> list[Path]:
    """Existing source files of a workload, sorted by name; hidden and temporary files are left out.

    Raises:
        DataError: A pattern names a place outside the workload's folder.
    """
    outside = [
        name for name in spec.sources if Path(name).is_absolute() or ".." in Path(name).parts
    ]
    if outside:
        message = (
            f"Source pattern {', '.join(outside)} of {spec.name} leaves its folder. "
            "Give patterns relative to the folder of the defs.yaml, e.g. data/*.csv."
        )
        raise DataError(message)
    found = {
        path for pattern in spec.sources for path in spec.folder.glob(pattern) if path.is_file()
    }
    return sorted(path for path in found if not _is_temporary(path))


def _is_temporary(path: Path) -> bool:
    return path.name.startswith((".", "~")) or path.suffix in (".tmp", ".part", ".crdownload")


def content_version(spec: WorkloadSpec) -> str:
    """Data version that the source would have now; reads the files in chunks and stores nothing.

    Raises:
        DataError: No file matches the patterns.
    """
    from hq_assets.lineage.table_fingerprint import table_fingerprint

    frame = _rows(spec, _hash_file)
    entry = TableEntry(content_hash=table_fingerprint(frame), ref="", rows=frame.height, columns={})
    return _artifact(spec, entry).data_version


def capture(spec: WorkloadSpec, store: Any) -> Artifact:
    """Copy the source files into the store by content and commit the version.

    Raises:
        DataError: No file matches the patterns.
    """
    frame = _rows(spec, store.put_file)
    return store.commit(_artifact(spec, store.put_table(frame)))


def _hash_file(path: Path, suffix: str) -> str:
    with path.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}.{suffix}"


def _rows(spec: WorkloadSpec, reference: Callable[[Path, str], str]) -> Any:
    """One row per source file; `reference` hashes (and perhaps stores) its bytes."""
    import polars as pl

    paths = source_paths(spec)
    if not paths:
        message = (
            f"No source file of {spec.name} matches {', '.join(spec.sources)} in {spec.folder}. "
            "Put the files there or correct `sources` in its defs.yaml."
        )
        raise DataError(message)
    rows = []
    for path in paths:
        ref = reference(path, path.suffix.lstrip(".").lower() or "bin")
        name = path.relative_to(spec.folder).as_posix()
        rows.append(
            {
                "path": name,
                "content_hash": ref.partition(".")[0],
                "size": path.stat().st_size,
                "ref": ref,
                "records": count_records(path),
                "schema_version": SCHEMA_VERSION,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"records": pl.Int64})


def count_records(path: Path) -> int | None:
    """Lines of a CSV file after its header, read in chunks; None for any other file.

    A line break within quotes ends no record. Where quotes are not closed the number means nothing,
    and the stage that reads the records refuses the file.
    """
    if path.suffix.lower() != ".csv":
        return None
    ends, quoted, last = 0, False, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            parts = chunk.split(b'"')
            ends += sum(part.count(b"\n") for part in parts[quoted::2])
            quoted ^= len(parts) % 2 == 0
            last = chunk[-1:]
    return max(0, ends + (last != b"\n") - 1)


def _artifact(spec: WorkloadSpec, entry: TableEntry) -> Artifact:
    return Artifact(
        workload=spec.name, stage=STAGE, schema_version=SCHEMA_VERSION, tables={"rows": entry}
    )


def describe(call: StageCall, artifact: Artifact) -> Mapping[str, Any]:
    """The files, for the UI."""
    files = call.store.scan_table(artifact.tables["rows"]).collect()
    rows = [
        {"file": row["path"], "bytes": row["size"], "SHA-256": f"`{row['content_hash'][:12]}`"}
        for row in files.iter_rows(named=True)
    ]
    return {
        "files": files.height,
        "bytes": int(files["size"].sum()),
        "file_list": dg.MetadataValue.md(markdown_table(rows)),
    }


def build(spec: WorkloadSpec, code_version: str) -> dg.AssetsDefinition:
    """The asset `<workload>/source`."""

    def compute(call: StageCall) -> Produced:
        return Produced(committed=capture(spec, call.store))

    return stage_asset(
        spec,
        STAGE,
        code_version=code_version,
        description="Source files, captured by content: path, hash and size in bytes; one row per file.",
        kinds={"file"},
        compute=compute,
        describe=describe,
    )
