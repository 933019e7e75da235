"""Champions: runs with small true bundles, and how one of them is promoted."""

from pathlib import Path

from xray_platform.tracking import promotion
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.registry import Registered
from xray_platform.tracking.runs import open_run
from xray_platform_tests.serving.bundles import small_bundle


def evaluated(tracking: Tracking, folder: Path, seed: int) -> str:
    """Train nothing, evaluate nothing, but leave a run with a bundle; return its id."""
    small_bundle(folder, seed)
    with open_run(tracking, model="attention_cnn") as run:
        run.log_bundle(folder)
    return run.run_id


def promoted(tracking: Tracking, run: str, why: str = "to be judged by", *, chosen: bool = False) -> Registered:
    """Make the bundle of a run the champion."""
    version = promotion.candidate(tracking, run).version
    return promotion.promote(tracking, version, by="a test", why=why, chosen=chosen)
