"""The three planes below the assets: execution (backends), state (ledger, store) and control."""
