"""Room: the reading room, a page where a person looks at an image beside what the model says of it."""
