"""Test-time views: how copies of an image are moved; without torch, so that who shows settings need not wait for it."""

MOVES = (
    (1.0, 0.0, 0.0), (0.95, 0.0, 0.0), (1.05, 0.0, 0.0), (1.0, 0.03, 0.0), (1.0, -0.03, 0.0),
    (1.0, 0.0, 0.03), (1.0, 0.0, -0.03), (0.95, 0.03, 0.03), (1.05, -0.03, -0.03),
)  # fmt: skip
"""Scale, and how far down and to the right as shares of the side; the first is the image itself. None is a flip."""
MOST_VIEWS = len(MOVES)
