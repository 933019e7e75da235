"""Subject split: the images of one half of the subjects to train on, those of the other half held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from xray_platform.errors import InputError

LISTS = ("manifest.csv", "labels.csv")
SUBJECT_COLUMNS = ("subject", "patient", "patient_id")


@dataclass(frozen=True)
class SubjectSplit:
    """Files to train on and files held out; no subject has files in both."""

    train: tuple[Path, ...]
    held_out: tuple[Path, ...]


def split_by_subject(folder: Path) -> SubjectSplit:
    """Divide the images of a folder that holds a list of them (columns file and subject, patient or patient_id).

    Which part a subject belongs to follows from its name alone, on every machine. Files may lie in any sub-folder.
    Raises InputError where there is no list, or it lacks a column, or an image is missing.
    """
    rows = _list(folder)
    subject = next((column for column in SUBJECT_COLUMNS if column in rows), None)
    if subject is None or "file" not in rows:
        raise InputError(f"the list in {folder} needs the columns file and one of {', '.join(SUBJECT_COLUMNS)}")
    lying = {path.name: path for path in sorted(folder.rglob("*")) if path.is_file()}
    parts: tuple[list[Path], list[Path]] = ([], [])
    for file, who in zip(rows["file"], rows[subject], strict=True):
        path = lying.get(Path(str(file)).name)
        if path is None:
            raise InputError(f"{folder} lists {file}, which is not there")
        parts[sha256(f"{folder.name}|{who}".encode()).digest()[0] % 2].append(path)
    return SubjectSplit(*(tuple(part) for part in parts))


def sample_files(files: Sequence[Path], most: int, seed: int) -> list[Path]:
    """Return at most so many files, drawn at random, in their order."""
    chosen = np.random.default_rng(seed).permutation(len(files))[:most]
    return [files[number] for number in sorted(chosen)]


def _list(folder: Path) -> pd.DataFrame:
    for name in LISTS:
        if (folder / name).is_file():
            return pd.read_csv(folder / name)
    raise InputError(f"{folder} holds neither {' nor '.join(LISTS)}")


def files_without_subject(folder: Path) -> list[Path]:
    """Return the listed files of a folder whose list names no subjects, none where it does. Raises InputError."""
    rows = _list(folder)
    if any(column in rows for column in SUBJECT_COLUMNS):
        return []
    return [folder / str(file) for file in rows["file"]]
