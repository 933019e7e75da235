"""Chest X-ray platform: a DICOM archive in, audited, tracked and retrainable models out."""

__version__ = "0.1.0"
