"""Serving: judge one picture; bytes in, verdict and heat map out."""
