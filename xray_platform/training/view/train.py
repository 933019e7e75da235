"""Look lessons: teach the look of a chest from several sets of pictures, each of the same weight."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from xray_platform.dicom.anatomy.view_classifier import Weights
from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.dicom.pixels.thumbnail import SIDE, Small, reduce
from xray_platform.progress import Progress, silent
from xray_platform.training.subject_split import drawn, halves
from xray_platform.training.view.fit import learn

MOST = 1000  # pictures of one set


def teach_look(folders: Sequence[Path], seed: int = 0, progress: Progress = silent) -> Weights:
    """Return weights taught on the learning halves of sets of upright frontal chests. Raises InputError, DataError."""
    sets = [list(small_pictures(drawn(halves(folder).learn, MOST, seed), progress)) for folder in folders]
    largest = max(len(pictures) for pictures in sets)
    return learn([each for pictures in sets for each in pictures * round(largest / max(len(pictures), 1))], seed)


def small_pictures(files: Sequence[Path], progress: Progress = silent, side: int = SIDE) -> Iterator[Small]:
    """Yield each file as the quality rules see it: its standard image, reduced, in [0, 1]. Raises InputError."""
    for done, file in enumerate(files, start=1):
        yield reduce(read_picture(file.read_bytes()), side)
        progress(done, len(files), "reading pictures")
