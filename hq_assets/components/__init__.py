"""The HybridWorkload Dagster component: one defs.yaml becomes the assets, checks and schedule of a workload."""
