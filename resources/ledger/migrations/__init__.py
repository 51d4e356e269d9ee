"""Alembic migrations of the ledger; they travel with the package and hold no other code."""
