"""Dataset: pictures with simulated damage and their clean levels, as the restorer sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.imaging.repair.likelihood import separate
from xray_platform.imaging.repair.posterior import MAPS, posterior_maps
from xray_platform.progress import Progress, silent
from xray_platform.training.restorer.damage import believed_curve, damage, sample_damage

STEPS = 255  # maps are stored as bytes: a thousand pictures then need 250 MB instead of 1 GB


@dataclass(frozen=True)
class RestorerDataset:
    """Evidence maps (N, 8, S, S), clean grey (N, S, S) and where there is a target (N, S, S), all uint8."""

    maps: NDArray[np.uint8] = field(repr=False)
    clean: NDArray[np.uint8] = field(repr=False)
    inside: NDArray[np.uint8] = field(repr=False)

    def __len__(self) -> int:
        return len(self.maps)

    def crops(
        self, which: NDArray[np.intp], side: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return maps (n, 8, side, side), clean and inside (n, 1, side, side), float32 in [0, 1], cut at random.

        Half of the crops are mirrored.
        """
        whole = self.maps.shape[2] - side + 1
        tops, lefts = rng.integers(whole, size=(2, len(which)))
        mirror = rng.random(len(which)) < 0.5
        cut = [self._crop(*place, side) for place in zip(which, tops, lefts, mirror, strict=True)]
        maps, clean, inside = (np.stack(part).astype(np.float32) for part in zip(*cut, strict=True))
        scale = np.float32(1 / STEPS)
        return np.asarray(maps * scale), np.asarray(clean[:, None] * np.float32(1 / 255)), inside[:, None]

    def _crop(
        self, number: int, top: int, left: int, mirror: bool, side: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
        at = (slice(top, top + side), slice(left, left + side))
        flip = slice(None, None, -1 if mirror else 1)
        return (
            self.maps[number][:, at[0], at[1]][..., flip],
            self.clean[number][at][..., flip],
            self.inside[number][at][..., flip],
        )


def make_dataset(files: Sequence[Path], side: int, seed: int, progress: Progress = silent) -> RestorerDataset:
    """Return one example a file: read as grey, brought to side x side pixels, damaged at random.

    Raises InputError where a file is no picture.
    """
    maps = np.zeros((len(files), MAPS, side, side), np.uint8)
    clean, inside = np.zeros((2, len(files), side, side), np.uint8)
    for number, file in enumerate(files):
        rng = np.random.default_rng((seed, number))
        maps[number], clean[number], inside[number] = _example(_read(file, side), rng)
        progress(number + 1, len(files), "making examples")
    return RestorerDataset(maps, clean, inside)


def _example(
    picture: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    how = sample_damage(rng)
    damaged = damage(picture, how)
    levels = damaged.picture.astype(np.float32)
    channels = separate(levels, believed_curve(how), damaged.usable)
    maps = np.rint(posterior_maps(levels, channels) * STEPS).astype(np.uint8)
    return maps, damaged.target, damaged.inside


def _read(file: Path, side: int) -> NDArray[np.uint8]:
    picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise InputError(f"{file.name} is not a readable picture")
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
