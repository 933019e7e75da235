"""Backgrounds: the pictures that writing is put upon: those to train on of each set, and phantoms."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from xray_platform.dicom.burned_in.tone import eight_bits
from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.errors import InputError
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.progress import Progress, silent
from xray_platform.training.subject_split import files_without_subject, sample_files, split_by_subject
from xray_platform.training.writing.dataset import Background

PICTURES = (".dcm", ".jpeg", ".jpg", ".png")
LONGEST = 2048  # of a picture's sides; larger ones are reduced


def backgrounds(folders: Sequence[Path], most: int, seed: int, progress: Progress = silent) -> list[list[Background]]:
    """Return the pictures of each folder that may be trained on, at most so many of each. Raises InputError."""
    held_out = {
        file.name
        for folder in folders
        if not files_without_subject(folder)
        for file in split_by_subject(folder).held_out
    }
    found = []
    for folder in folders:
        listed = files_without_subject(folder)
        files = (
            [file for file in listed if file.name not in held_out] if listed else list(split_by_subject(folder).train)
        )
        found.append(list(_read(sample_files(files, most, seed), progress)))
    return found


def bare_backgrounds(folder: Path, most: int, seed: int, progress: Progress = silent) -> list[Background]:
    """Return pictures of a folder of such that bear no writing, as somebody saw. Raises InputError for no picture."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix.lower() in PICTURES)
    if not files:
        raise InputError(f"{folder} holds no pictures ({', '.join(PICTURES)})")
    return [replace(found, bare=True) for found in _read(sample_files(files, most, seed), progress)]


def phantom_backgrounds(count: int, seed: int, progress: Progress = silent) -> list[Background]:
    """Return made-up radiographs of 512 to 1,536 pixels, as uint8: none bears writing."""
    made = []
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        side = int(rng.integers(512, 1537)) // 4 * 4
        phantom = render(sample_phantom(rng, PhantomSettings(side=side)))
        made.append(Background(eight_bits(phantom.pixels), bare=True))
        progress(number + 1, count, "making phantoms")
    return made


def _read(files: Sequence[Path], progress: Progress) -> Iterator[Background]:
    for done, file in enumerate(files, start=1):
        yield Background(_no_larger(eight_bits(read_picture(file.read_bytes()).pixels)))
        progress(done, len(files), "reading pictures")


def _no_larger(grey: np.ndarray) -> np.ndarray:
    scale = LONGEST / max(grey.shape)
    return grey if scale >= 1 else np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
