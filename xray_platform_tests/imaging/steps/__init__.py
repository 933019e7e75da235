"""Tests of the recipe steps."""
