"""Readers of store, ledger and event log that explain: plan before a run, staleness, history."""
