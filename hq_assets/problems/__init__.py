"""Pure problem kinds: one folder per kind, one module per verb; no Dagster, no execution."""
