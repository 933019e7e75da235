"""Keeping a store for years: forget a person, prove it by a search, make a backup, and bring a store back from it."""
