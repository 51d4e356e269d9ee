"""Pictures for the UI, from stored numbers only: a small one that Dagster shows in place, a large one behind a link.

Nothing here decides anything: no content of a result depends on these modules.
"""
