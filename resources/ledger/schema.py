"""The ledger's tables as the code uses them; migrations make the database look like this."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Table

HEAD_REVISION = "jobs_0001"
"""The revision that this code needs, so that an up-to-date ledger opens without Alembic."""


@cache
def jobs_table() -> Table:
    """One row per job at a backend; `version` counts its changes for compare-and-swap."""
    from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

    return Table(
        "jobs",
        MetaData(),
        Column("idempotency_key", String(128), primary_key=True),
        Column("payload_fingerprint", String(64), nullable=False),
        Column("state", String(16), nullable=False),
        Column("version", Integer, nullable=False),
        Column("workload", String(128), nullable=False),
        Column("backend", String(128), nullable=False),
        Column("provider_job_id", String(256)),
        Column("submitted_at", String(64)),
        Column("payload_ref", String(96), nullable=False),
        Column("raw_response_ref", String(96)),
        Column("result_ref", String(96)),
        Column("request_id", String(128)),
        Column("attempt", Integer, nullable=False),
        Column("error_class", String(32)),
        Column("diagnosis", Text),
        Column("created_at", String(32), nullable=False),
        Column("updated_at", String(32), nullable=False),
        Index("jobs_by_state", "state", "workload"),
        Index("jobs_by_workload", "workload", "created_at"),
    )
