"""The artifact store as a Dagster resource."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from resources.home import HomeResource

if TYPE_CHECKING:
    from resources.store.artifacts import ArtifactStore


class StoreResource(dg.ConfigurableResource):
    """Immutable artifacts by content, on a folder or an object store."""

    home: dg.ResourceDependency[HomeResource]
    root: str | None = Field(
        default=None, description="Folder or URL of the artifacts; default: `store` below the home"
    )

    def open(self) -> "ArtifactStore":
        """The store, ready to read and write."""
        from resources.store.artifacts import ArtifactStore

        return ArtifactStore(self.root or str(self.home.path("store")))
