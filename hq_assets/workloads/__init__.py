"""What to solve: one folder per workload with its defs.yaml and its data, nothing that executes."""
