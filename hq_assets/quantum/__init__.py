"""Pure quantum code: encodings, circuits, overlaps, transpilation; it submits nothing."""
