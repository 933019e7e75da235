"""Pixels: from compressed frames to stored values, and on to the standard image."""
