"""Checkpoint folder: where a training leaves what it resumes from, marked with what the training is."""

import hashlib
import shutil
from pathlib import Path

import numpy as np

from xray_platform.image_stack import ImageSource, KnownImages, batch_slices

CHECKPOINTS = "checkpoints"
JOB = "job.json"  # what the checkpoints beside it belong to
READ_AT_ONCE = 256  # pictures


def images_digest(images: ImageSource) -> bytes:
    """Return a digest of the pictures: of what their source says that they are, else of every one of them."""
    if isinstance(images, KnownImages):
        return images.digest().encode()
    digest = hashlib.sha256()
    for part in batch_slices(images, READ_AT_ONCE):
        digest.update(np.ascontiguousarray(images[part]).data)
    return digest.digest()


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
