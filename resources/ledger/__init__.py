"""State plane: the durable job ledger and its migrations; nothing here talks to a provider."""
