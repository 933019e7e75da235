"""Burned-in: writing that is part of the pixels: found, read where it is a side marker, and painted over."""
