"""Execution plane: the backend contract and one module per adapter; nothing is decided here."""
