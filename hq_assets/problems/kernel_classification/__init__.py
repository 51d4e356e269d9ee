"""Problem kind: two-class decisions by a support vector machine on a fidelity quantum kernel.

Nothing here executes circuits or knows Dagster; generic numerical pieces belong in `hq_assets.classical`.
"""
