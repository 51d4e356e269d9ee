"""Runs the revisions on the connection that the ledger hands over, inside its transaction."""

from alembic import context

from resources.ledger.schema import jobs_table


def migrate() -> None:
    """Run what is missing; the caller holds the lock and commits."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=jobs_table().metadata,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate()
