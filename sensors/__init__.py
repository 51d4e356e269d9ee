"""One module per reason to act; sensors decide when something runs, never how."""
