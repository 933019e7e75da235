"""Log: one JSON line an event, with times, codes and counts; never what a peer or an object said."""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime

Log = Callable[..., None]
"""Takes the event's name, and what is known of it."""
LIBRARIES = ("pynetdicom", "pydicom", "highdicom", "dicomweb_client", "urllib3")


def to_stderr(event: str, **known: str | int | float) -> None:
    """Write a line of the log."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    sys.stderr.write(json.dumps({"at": at, "event": event, **known}) + "\n")


def hush() -> None:
    """Have libraries say nothing: their messages quote titles, UIDs and values of objects."""
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
