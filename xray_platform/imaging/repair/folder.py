"""Folder: restore every picture of a folder, each in a child process that may fail alone."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from xray_platform.errors import InputError, XrayError
from xray_platform.imaging.repair.picture_file import is_picture, read_rgb, write_grey
from xray_platform.imaging.repair.restore import RestoreFunction, RestoreSettings, restore
from xray_platform.progress import Progress, silent
from xray_platform.workers import GIB, Limits, Lost, map_in_children

LIMITS = Limits(seconds=300.0, memory_bytes=12 * GIB)


@dataclass(frozen=True)
class RestoredFile:
    """What became of one file: where its grey PNG is and what was done, or the reason why there is none."""

    file: str
    out: str | None
    changed: bool
    findings: tuple[str, ...]
    done: tuple[str, ...]
    reason: str = ""

    def row(self) -> dict[str, object]:
        """Return plain values, for JSON lines and tables."""
        return asdict(self)


def restore_folder(
    in_dir: Path,
    out_dir: Path,
    settings: RestoreSettings = RestoreSettings(),
    progress: Progress = silent,
    *,
    learnt: RestoreFunction | None = None,
    workers: int | None = None,
) -> list[RestoredFile]:
    """Restore every picture file of a folder (not below it) into grey PNG files of the same stem; one row a file.

    A file that cannot be read, or whose work takes too long, is a row with a reason and no output. Raises InputError
    where the folder is missing, holds no picture, or two of its files would become the same PNG. `learnt` goes to child
    processes: a small value that loads its weights where it is first used.
    """
    files = picture_files(in_dir)
    _check_stems(files)
    out_dir.mkdir(parents=True, exist_ok=True)
    work = partial(restore_file, out_dir=out_dir, settings=settings, learnt=learnt)
    results = map_in_children(work, files, what="restoring", workers=workers, limits=LIMITS, progress=progress)
    return [_row(file, result) for file, result in zip(files, results, strict=True)]


def picture_files(folder: Path) -> list[Path]:
    """Return the picture files of a folder, sorted by name; InputError where there are none."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; allowed is a folder of PNG, JPEG, TIFF or BMP pictures")
    files = sorted(file for file in folder.iterdir() if file.is_file() and is_picture(file))
    if not files:
        raise InputError(f"{folder} holds no picture; allowed are PNG, JPEG, TIFF and BMP")
    return files


def restore_file(
    file: Path, out_dir: Path, settings: RestoreSettings, learnt: RestoreFunction | None = None
) -> RestoredFile:
    """Restore one file into `out_dir`; what a child process does."""
    cv2.setNumThreads(1)
    try:
        restored = restore(read_rgb(file), settings, learnt)
    except XrayError as error:
        return RestoredFile(file.name, None, False, (), (), str(error))
    out = out_dir / f"{file.stem}.png"
    write_grey(out, np.asarray(restored.pixels))
    return RestoredFile(file.name, str(out), restored.changed, tuple(restored.diagnosis.describe()), restored.done)


def _check_stems(files: Iterable[Path]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.stem in seen:
            raise InputError(
                f"{seen[file.stem]} and {file.name} would both become {file.stem}.png; allowed is one file a stem"
            )
        seen[file.stem] = file.name


def _row(file: Path, result: RestoredFile | Lost) -> RestoredFile:
    if isinstance(result, Lost):
        return RestoredFile(file.name, None, False, (), (), f"{result.reason}: {result.detail}")
    return result
