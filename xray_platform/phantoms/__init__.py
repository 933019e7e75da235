"""Phantoms: made-up chest radiographs and archives, for the demo, the tests and the benchmarks."""
