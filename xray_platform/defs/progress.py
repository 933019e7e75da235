"""Progress: long work inside an asset speaks through the run's log, at most once every few seconds."""

import time

import dagster as dg

from xray_platform.progress import MARK, Progress


def logged(context: dg.AssetExecutionContext, every_s: float = 2.0) -> Progress:
    """Return a progress that logs the first, the last, and else one call in `every_s` seconds."""
    last = [float("-inf")]

    def tell(done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if now - last[0] >= every_s or done >= total:
            last[0] = now
            context.log.info(f"{MARK}{what} {done}/{total}")

    return tell
