"""Anatomy: what a picture itself says of being a chest, of polarity, of orientation and of sides."""
