"""How a stage of the chain becomes a Dagster asset: one module per stage; no problem kind is known here."""
