"""The `xray` command: one file a sub-command; rooms that take long to import are imported inside the commands."""

from xray_platform.cli.app import main

__all__ = ["main"]
