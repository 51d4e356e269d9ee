"""Reports: assets and pictures for people who look across workloads; nothing here solves or submits."""
