"""Bench: how fast and how good; every figure against a floor or a peer on the same files in the same run."""
