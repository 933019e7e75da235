"""Intake: from source files to a batch in the raw zone, its journal, and the labels that came with it."""
