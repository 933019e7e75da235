"""Chest: where a picture shows what it was taken for, which no paint may cover: lungs, heart and neck."""

import numpy as np

from xray_platform.dicom.burned_in.lines import Cover, TextLine, cover_of
from xray_platform.dicom.burned_in.tone import Grey
from xray_platform.lung_fields import FOUND, Lungs, find_lungs, half_width, match_outline

DEEPEST, DEEPEST_UNFOUND = 0.3, 0.2
"""How far from the picture's nearest edge paint may reach, as a share of its side, where lungs are found and not."""
NECK = 0.25  # half the width of windpipe and spine above the lungs, as a share of the lungs' half width
OVERLAP = 0.05
"""Share of a line that may lie over the chest: the outline is no finer."""


def chest_of(grey: Grey) -> Cover:
    """Return where no paint may go in a picture (rows, columns) uint8, bright bones or dark: 0 or 1.

    That is the outline of the lungs with the heart between them, the neck above, and whatever is far from all edges;
    where no lungs are found, what is not near an edge. Shoulders, arms, chest wall and belly are left.
    """
    lungs = max((find_lungs(grey), match_outline(255 - grey)), key=lambda one: one.match)
    found = lungs.match >= FOUND
    inner = _far_from_edges(grey.shape, DEEPEST if found else DEEPEST_UNFOUND)
    return inner | _outline(grey.shape, lungs) if found else inner


def spares(line: TextLine, chest: Cover) -> bool:
    """Say whether a line leaves the chest free."""
    here = chest[cover_of([line], chest.shape) > 0]
    return bool(here.size) and float(here.mean()) <= OVERLAP


def _far_from_edges(shape: tuple[int, ...], share: float) -> Cover:
    inner = np.zeros(shape, np.uint8)
    down, across = (round(share * side) for side in shape)
    inner[down : shape[0] - down, across : shape[1] - across] = 1
    return inner


def _outline(shape: tuple[int, ...], lungs: Lungs) -> Cover:
    """Return both lungs with what lies between, wider downwards as they are, and the neck above them."""
    down, across = np.ogrid[: shape[0], : shape[1]]
    height = (down + 0.5 - lungs.top) / (lungs.bottom - lungs.top)
    aside = np.abs(2 * (across + 0.5 - (lungs.left + lungs.right) / 2) / (lungs.right - lungs.left))
    chest = (height > 0) & (height < 1) & (aside < half_width(height))
    return np.asarray(chest | ((height <= 0) & (aside < NECK)), np.uint8)
