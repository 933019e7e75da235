"""Text spaced: lines whose letters stand wide apart, which letter by letter look like markers."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from xray_platform.dicom.burned_in.tone import Grey
from xray_platform.progress import Progress
from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.render import draw
from xray_platform.training.writing.scene import turned
from xray_platform.training.writing.trial import (
    WHERE,
    Conditions,
    Trial,
    any_contrast,
    burn_line,
    place_for,
)  # fmt: skip
from xray_platform.training.writing.words import Rng, companion

GAPS = (0.5, 1.0, 2.0)
"""Added between letters, in heights of a capital letter; what the networks learn from goes up to 0.8."""
LINES, SEED = 60, 16
LEAST, MOST_SHARE = 10.0, 0.05


def spaced_apart(
    pictures: Sequence[Grey], fonts: FontSet, readable: Callable[[Trial], bool], progress: Progress
) -> dict[str, float | int | str]:
    """Count what stays readable of names, dates and numbers by how far apart their letters stand."""
    figures: dict[str, float | int | str] = {}
    for gap in GAPS:
        trials = _trials(pictures, fonts, gap, np.random.default_rng((SEED, round(10 * gap))))
        hidden = []
        for done in range(LINES):
            hidden.append(not readable(next(trials)))
            progress(done + 1, LINES, "writing wide apart and searching")
        figures[f"letters {gap:g} heights apart: lines"] = LINES
        figures[f"letters {gap:g} heights apart: hidden or held back, share"] = float(np.mean(hidden))
    return figures


def _trials(pictures: Sequence[Grey], fonts: FontSet, gap: float, rng: Rng) -> Iterator[Trial]:
    while True:
        picture = pictures[int(rng.integers(len(pictures)))]
        most = max(MOST_SHARE * max(picture.shape), LEAST)
        height = float(np.exp(rng.uniform(np.log(LEAST), np.log(most))))
        text = companion(("digits", "date", "name")[int(rng.integers(3))], "latin", rng)
        ink = turned(draw(text, fonts.choose("latin", rng), height, spacing=gap), float(rng.choice([0, 0, 90, 270])))
        where, contrast = WHERE[int(rng.integers(len(WHERE)))], any_contrast(rng)
        place = place_for(ink, picture.shape, where, rng) if ink.size else None
        line = burn_line(picture, ink, place, contrast, rng) if place is not None else None
        if line is not None:
            grey, cover, bright = line
            conditions = Conditions("printed", "latin", len(text), height, contrast, bright, where, "level")
            yield Trial(grey, cover, conditions)
