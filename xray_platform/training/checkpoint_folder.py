"""Checkpoint folder: where a training leaves what it resumes from, marked with what the training is."""

import shutil
from pathlib import Path

CHECKPOINTS = "checkpoints"
JOB = "job.json"  # what the checkpoints beside it belong to


def open_checkpoints(folder: Path, job: str) -> Path:
    """Return the folder of the checkpoints; those that another fit left there go.

    `job` says what this fit is, settings and pictures and all.
    """
    checkpoints = folder / CHECKPOINTS
    mark = checkpoints / JOB
    if checkpoints.exists() and not (mark.exists() and mark.read_text() == job):
        shutil.rmtree(checkpoints)
    checkpoints.mkdir(parents=True, exist_ok=True)
    mark.write_text(job)
    return checkpoints
