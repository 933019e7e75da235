"""Before-and-after sheet: pictures before and after repair, side by side on one page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.folder import RestoredFile
from xray_platform.imaging.repair.levels import check_picture
from xray_platform.imaging.repair.picture_file import read_rgb

GAP = 6
PAPER = 32


def before_after_sheet(
    columns: Sequence[Sequence[NDArray[Any]]], side: int = 160, across: int = 6
) -> NDArray[np.uint8]:
    """Return one page (rows, columns, 3; red, green, blue): each entry a stack of pictures, first above, last below.

    Pictures of any depth and shape are fitted into `side` x `side` pixels, `across` stacks stand in a row.
    """
    stacks = [np.vstack([_thumbnail(picture, side) for picture in stack]) for stack in columns]
    if not stacks:
        return np.full((side, side, 3), PAPER, np.uint8)
    height = max(stack.shape[0] for stack in stacks)
    blank = np.full((height, side + GAP, 3), PAPER, np.uint8)
    full = [_padded(stack, height) for stack in stacks]
    full += [blank] * (-len(full) % min(across, len(full)))
    per_row = min(across, len(full))
    rows = [np.hstack(full[i : i + per_row]) for i in range(0, len(full), per_row)]
    gap = np.full((2 * GAP, rows[0].shape[1], 3), PAPER, np.uint8)
    return np.vstack([part for row in rows for part in (row, gap)][:-1])


def folder_sheet(in_dir: Path, rows: Sequence[RestoredFile], side: int = 160, most: int = 60) -> NDArray[np.uint8]:
    """Return the contact sheet of a restored folder: each picture as it came above what became of it."""
    made = [row for row in rows if row.out is not None][:most]
    return before_after_sheet([[read_rgb(in_dir / row.file), read_rgb(Path(str(row.out)))] for row in made], side)


def _thumbnail(picture: NDArray[Any], side: int) -> NDArray[np.uint8]:
    """Return a picture fitted into a square with a gap below, in colour."""
    levels = np.clip(check_picture(picture).to_levels(picture), 0, 255).astype(np.uint8)
    colour = levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, axis=2)
    scale = side / max(colour.shape[:2])
    size = tuple(max(round(length * scale), 1) for length in colour.shape[1::-1])
    small = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
    page = np.full((side + GAP, side, 3), PAPER, np.uint8)
    page[: small.shape[0], : small.shape[1]] = small
    return page


def _padded(stack: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    return np.asarray(np.pad(stack, ((0, height - stack.shape[0]), (0, GAP), (0, 0)), constant_values=PAPER), np.uint8)
