"""Measure: how close restored pictures come to clean originals, and how often sound ones are touched."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from xray_platform.errors import InputError
from xray_platform.imaging.repair.folder import LIMITS
from xray_platform.imaging.repair.levels import check_picture, grey_of
from xray_platform.imaging.repair.picture_file import read_rgb
from xray_platform.imaging.repair.restore import RestoreFunction, RestoreSettings, restore
from xray_platform.progress import Progress, silent
from xray_platform.workers import map_in_children


@dataclass(frozen=True)
class PairScore:
    """Peak signal-to-noise ratio (dB) and structural similarity of one pair, before and after repair."""

    file: str
    part: str
    """`develop` or `hold-out`: every other picture by name."""
    damaged_psnr: float
    damaged_ssim: float
    psnr: float
    ssim: float


def measure(
    damaged: Path,
    clean: Path,
    settings: RestoreSettings = RestoreSettings(),
    progress: Progress = silent,
    *,
    learnt: RestoreFunction | None = None,
) -> list[PairScore]:
    """Return the scores of every damaged picture that has a clean one of the same name, in order of their names.

    Both are compared as grey at the clean one's size, 8 bits, by scikit-image's defaults. Every other picture is the
    hold-out half: nothing was chosen by looking at it. Raises InputError where no pair is found.
    """
    names = sorted(file.name for file in damaged.iterdir() if (clean / file.name).is_file())
    if not names:
        raise InputError(f"no picture of {damaged} has one of the same name in {clean}")
    work = partial(_score, damaged=damaged, clean=clean, settings=settings, learnt=learnt)
    scores = list(map_in_children(work, names, what="measuring", limits=LIMITS, progress=progress))
    parts = ("develop", "hold-out")
    return [
        PairScore(name, parts[number % 2], *score)
        for number, (name, score) in enumerate(zip(names, scores, strict=True))
        if isinstance(score, tuple)
    ]


def mean_scores(scores: Sequence[PairScore]) -> dict[str, dict[str, float]]:
    """Return the mean scores of both halves and of all."""
    parts = {"develop": ("develop",), "hold-out": ("hold-out",), "all": ("develop", "hold-out")}
    return {name: _means([s for s in scores if s.part in held]) for name, held in parts.items()}


def touched(
    files: Sequence[Path], settings: RestoreSettings = RestoreSettings(), progress: Progress = silent
) -> dict[str, str]:
    """Return the sound pictures that restoring would change, with the reason; the fewer the better."""
    work = partial(_why_touched, settings=settings)
    reasons = map_in_children(work, list(files), what="looking at sound pictures", limits=LIMITS, progress=progress)
    return {str(file): str(reason) for file, reason in zip(files, reasons, strict=True) if reason}


def _means(scores: Sequence[PairScore]) -> dict[str, float]:
    names = ("damaged_psnr", "damaged_ssim", "psnr", "ssim")
    means = {name: float(np.mean([getattr(score, name) for score in scores])) if scores else 0.0 for name in names}
    return {"pictures": float(len(scores)), **means}


def _score(
    name: str, damaged: Path, clean: Path, settings: RestoreSettings, learnt: RestoreFunction | None
) -> tuple[float, float, float, float]:
    cv2.setNumThreads(1)
    before, reference = read_rgb(damaged / name), _byte(grey_of(read_rgb(clean / name)))
    after = restore(before, settings, learnt).pixels
    return (*_compare(_byte(grey_of(before)), reference), *_compare(_byte(after), reference))


def _compare(picture: NDArray[np.uint8], reference: NDArray[np.uint8]) -> tuple[float, float]:
    rows, columns = reference.shape
    same = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    peak: float = peak_signal_noise_ratio(reference, same)  # type: ignore[no-untyped-call]
    similarity: float = structural_similarity(reference, same)  # type: ignore[no-untyped-call]
    return float(peak), float(similarity)


def _byte(picture: NDArray[Any]) -> NDArray[np.uint8]:
    return np.clip(np.rint(check_picture(picture).to_levels(picture)), 0, 255).astype(np.uint8)


def _why_touched(file: Path, settings: RestoreSettings) -> str:
    cv2.setNumThreads(1)
    restored = restore(read_rgb(file), settings)
    sure = [f.describe() for f in restored.diagnosis.defects if f.confidence >= settings.sure]
    return "; ".join(sure)
