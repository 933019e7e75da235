"""Dataset: what a reader must know of the data: what was said of them, what became of them, how they differ."""
