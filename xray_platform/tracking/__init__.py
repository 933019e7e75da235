"""Tracking: MLflow experiments, runs, model bundles, registry aliases."""
