"""View: training of the view classifier that the quality rules ask."""
