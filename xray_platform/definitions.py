"""What Dagster loads."""

from xray_platform.defs.graph import definitions

defs = definitions()
