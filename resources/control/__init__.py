"""Control plane: preflight, submission and collection; it never solves a problem itself."""
