"""Tests of the PACS room."""
