"""Restorer: what teaches the learnt restorer, and its shipped weights."""
