"""Training: how a network learns."""
