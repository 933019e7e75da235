"""Pretrained restorer: the one that comes with the platform, as a small value that loads where it is used."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xray_platform.training.restorer.model import CARD, WEIGHTS, TrainedRestorer

FOLDER = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class PretrainedRestorer:
    """A trained restorer in a folder: light enough to hand to child processes, each of which loads it once."""

    folder: Path

    def __call__(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return grey levels (r, c; 0 to 255) for evidence maps (8, r, c; 0 to 1)."""
        return _loaded(self.folder)(maps)


def pretrained_restorer(folder: Path = FOLDER) -> PretrainedRestorer | None:
    """Return the restorer that comes with the platform, None where its files do not stand in the folder."""
    return PretrainedRestorer(folder) if (folder / WEIGHTS).is_file() and (folder / CARD).is_file() else None


@cache
def _loaded(folder: Path) -> TrainedRestorer:
    return TrainedRestorer.load(folder)
