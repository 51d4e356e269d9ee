"""State plane: immutable artifacts by content, IO manager, SQL face; nothing here knows a problem kind."""
