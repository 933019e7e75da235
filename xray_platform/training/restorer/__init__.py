"""Restorer: training of the network that restores pictures, and its pretrained weights."""
