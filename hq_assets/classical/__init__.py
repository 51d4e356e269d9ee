"""Pure classical code: preparation of features, baselines, calibration, ranking; no Dagster."""
