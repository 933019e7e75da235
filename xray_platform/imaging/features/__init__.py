"""Features: numbers that describe a picture's edges and texture, with a name each, for classical detectors."""
