"""The job ledger as a Dagster resource."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from resources.home import HomeResource

if TYPE_CHECKING:
    from resources.ledger.jobs import JobLedger


class LedgerResource(dg.ConfigurableResource):
    """Durable record of every job, whatever process submitted it."""

    home: dg.ResourceDependency[HomeResource]
    url: str | None = Field(
        default=None,
        description="SQLAlchemy URL; default: SQLite file `ledger.sqlite` below the home",
    )

    def open(self) -> "JobLedger":
        """The ledger, migrated to this version's schema."""
        from resources.ledger.jobs import JobLedger

        ledger = JobLedger(self.url or f"sqlite:///{self.home.path() / 'ledger.sqlite'}")
        ledger.migrate()
        return ledger
