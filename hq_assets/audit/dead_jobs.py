"""Receipts whose jobs can give no counts any more: they have to be made again."""

import dagster as dg

from hq_assets.audit.staleness import recorded_of
from resources.home import hq_home


def dead_jobs_reason(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """Why a workload's current receipts lead nowhere, or None if every job of theirs may still be collected.

    Args:
        instance: Dagster's instance.
        key: The asset `<workload>/job_receipts`.
    """
    recorded = recorded_of(instance, key)
    if recorded is None or recorded.data_version is None:
        return None
    from resources.ledger.jobs import JobLedger
    from resources.store.artifacts import ArtifactStore
    from resources.store.errors import UnknownVersion

    store = ArtifactStore(str(hq_home() / "store"))
    workload, stage = key.path
    try:
        artifact = store.artifact(workload, stage, recorded.data_version)
    except UnknownVersion:
        return "the store lacks these receipts"
    if store.missing_blobs(artifact):
        return "the store lacks these receipts"
    column = store.scan_table(artifact.tables["rows"]).select("idempotency_key").collect()
    ledger = JobLedger(f"sqlite:///{hq_home() / 'ledger.sqlite'}")
    ledger.migrate()
    for name in column["idempotency_key"]:
        job = ledger.find(name)
        if job is None:
            return "a job of these receipts is unknown to the ledger"
        if job.state in ("failed", "cancelled"):
            return f"a job of these receipts is {job.state}"
    return None
