"""Launchpad: the settings of the rooms below, with a Dagster face; the same fields, words and defaults."""
