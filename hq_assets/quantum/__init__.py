"""Pure quantum code: encodings, circuits, overlaps, transpilation; nothing here executes on a backend."""
