"""Racers: a program whose four processes open the store of a fresh folder at once; prints what each of them got."""

import json
import multiprocessing
import sys
from pathlib import Path

from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.runs import open_run

RACERS = 4


def race(root: str) -> tuple[str, str]:
    """Open the store and leave a run; return the ids of the experiment and the run."""
    opened = open_tracking(Places(Path(root)))
    with open_run(opened, model="racer") as run:
        run.log_epoch(0, {"loss": 1.0})
    return opened.experiment_id, run.run_id


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(RACERS) as pool:  # a fork would copy locks that threads hold
        sys.stdout.write(json.dumps(pool.map(race, sys.argv[1:] * RACERS, chunksize=1)))
