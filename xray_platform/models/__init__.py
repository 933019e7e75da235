"""Models: one table of every model that can be trained, whatever its family, and what they all have in common."""
