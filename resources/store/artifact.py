"""The light value that assets exchange: a reference to one immutable version of one stage's content."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class TableEntry(BaseModel):
    """One Parquet table of an artifact."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content_hash: str = Field(
        description="Hash of the canonical values, independent of the Parquet writer"
    )
    ref: str = Field(description="Blob of the Parquet file, `<sha256>.parquet`")
    rows: int
    columns: dict[str, str] = Field(description="column → Polars type")


class BlobEntry(BaseModel):
    """One other file of an artifact."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content_hash: str = Field(
        description="Identity of the content; a structural fingerprint for circuits"
    )
    ref: str = Field(description="Blob reference, `<sha256>.<suffix>`")


class Artifact(BaseModel):
    """One immutable version of what a stage holds.

    The data version is a hash over content only: table values, blob identities and canonical facts.
    Times, costs, run ids and file bytes of circuits never enter it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    workload: str
    stage: str
    schema_version: str
    tables: dict[str, TableEntry] = Field(
        default_factory=dict, description="the stage's main table is named `rows`"
    )
    blobs: dict[str, BlobEntry] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(
        default_factory=dict, description="small canonical JSON values that are content"
    )

    @property
    def data_version(self) -> str:
        """SHA-256 of the canonical content, hex."""
        body = {
            "stage": self.stage,
            "schema_version": self.schema_version,
            "tables": {name: entry.content_hash for name, entry in self.tables.items()},
            "blobs": {name: entry.content_hash for name, entry in self.blobs.items()},
            "facts": self.facts,
        }
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()
