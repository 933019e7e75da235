"""Object storage: a store kept in a bucket, worked on through a copy on this machine, and committed as a whole."""
