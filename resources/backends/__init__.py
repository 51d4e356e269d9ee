"""Execution plane: the backend contract and one module per adapter; nothing here decides or stores results."""
