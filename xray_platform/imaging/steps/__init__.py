"""Steps: what a recipe can be made of, by subject."""
