"""View: what teaches the classifier of views that the quality rules ask."""
