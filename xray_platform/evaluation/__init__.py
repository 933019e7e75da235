"""Evaluation: is it any good: metrics, thresholds, calibration, figures, report."""
