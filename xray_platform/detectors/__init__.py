"""Detectors: what is unlike normal."""
