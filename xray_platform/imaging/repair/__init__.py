"""Repair: say what is wrong with a damaged picture and how sure that is, then repair only that."""
