"""Tracking: MLflow experiments, runs, model bundles, registry aliases."""

import os

# MLflow reads these when it is first imported, and it is imported in this room only.
for _name, _value in {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "GIT_PYTHON_REFRESH": "quiet",
}.items():
    os.environ.setdefault(_name, _value)
