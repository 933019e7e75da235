"""Tables: every column once, every table, and where things are stored."""
