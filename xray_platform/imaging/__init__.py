"""Imaging: arrays in, arrays out; every step of a radiograph's preparation, in 16 bits."""
