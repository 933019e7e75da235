"""Chest X-ray platform: a DICOM archive in, audited, tracked and retrainable models out."""

import os

__version__ = "0.1.0"

# Threads that wait for one another sleep in place of spinning: on cores that others use too, torch's took five times
# as long. OpenMP reads it when torch is loaded; who sets it otherwise is heeded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
