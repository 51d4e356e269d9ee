"""Names of workloads: the folder's name is asset group, key prefix, job name and SQL schema at once."""

import re

PATTERN = r"[a-z][a-z0-9_]{0,59}"

RESERVED = (
    "housekeeping",
    "information_schema",
    "main",
    "pg_catalog",
    "platform",
    "system",
    "temp",
)
"""Names that Dagster jobs, the platform's own asset group or DuckDB's schemas use themselves."""


def name_problem(name: str) -> str | None:
    """Why a name cannot be a workload's, or None."""
    if name in RESERVED:
        return f"'{name}' is used by the platform itself; choose another name than {', '.join(RESERVED)}"
    if not re.fullmatch(PATTERN, name):
        return (
            f"'{name}' is no name of a workload; "
            "use lower-case letters, digits and underscores, first a letter, at most 60"
        )
    return None
