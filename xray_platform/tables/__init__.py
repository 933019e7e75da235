"""Tables: the ground of the house; every column once, every table, and where things live."""
