"""The asset graph of the platform: what is solved, how a stage becomes an asset, and how people run it."""
