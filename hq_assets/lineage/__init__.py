"""Pure fingerprints of code, circuits and tables, and the manifest schema; no Dagster."""
