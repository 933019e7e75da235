"""Partitions: a batch is up to 1,000 files that arrived together."""

import dagster as dg

BATCHES = dg.DynamicPartitionsDefinition(name="batch")
