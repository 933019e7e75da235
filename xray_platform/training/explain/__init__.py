"""Explain: where a network looked."""
