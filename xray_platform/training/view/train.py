"""Train: the view classifier, on several sets of images of equal weight."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from xray_platform.dicom.anatomy.view_classifier import Weights
from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.dicom.pixels.thumbnail import SIDE, Thumbnail, make_thumbnail
from xray_platform.progress import Progress, silent
from xray_platform.training.subject_split import sample_files, split_by_subject
from xray_platform.training.view.fit import fit_view_classifier

MOST = 1000  # pictures of one set


def train_view_classifier(folders: Sequence[Path], seed: int = 0, progress: Progress = silent) -> Weights:
    """Return weights trained on half of the subjects of sets of upright chests. Raises InputError, DataError."""
    sets = [
        list(small_pictures(sample_files(split_by_subject(folder).train, MOST, seed), progress)) for folder in folders
    ]
    largest = max(len(pictures) for pictures in sets)
    return fit_view_classifier(
        [each for pictures in sets for each in pictures * round(largest / max(len(pictures), 1))], seed
    )


def small_pictures(files: Sequence[Path], progress: Progress = silent, side: int = SIDE) -> Iterator[Thumbnail]:
    """Yield each file as the quality rules see it: its standard image, reduced, in [0, 1]. Raises InputError."""
    for done, file in enumerate(files, start=1):
        yield make_thumbnail(read_picture(file.read_bytes()), side)
        progress(done, len(files), "reading pictures")
