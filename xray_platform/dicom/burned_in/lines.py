"""Lines: turn what the detector saw into lines of writing, in pixels of the picture."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.burned_in.crops import Cropper, Crops
from xray_platform.dicom.burned_in.network import Maps, Seen
from xray_platform.dicom.burned_in.reach import beside, faded_ends, rectangle, under
from xray_platform.dicom.burned_in.text_verifier import verify

Cover = np.ndarray[Any, np.dtype[np.uint8]]
Labels = np.ndarray[Any, np.dtype[np.int32]]
Corners = np.ndarray[Any, np.dtype[np.float32]]
LIKELY, PERHAPS = 0.3, 0.2
"""A candidate rises above LIKELY somewhere, and goes as far as its probability of writing stays above PERHAPS."""
SURE = 0.8
"""It is a line where the probabilities of detector and verifier together, their odds multiplied, are above this."""
FAINTER = 0.15
"""By how much lower that bar lies for small faint writing in the finest view: little else is small and faint there."""
FAINT = (30.0, 62.0)
"""Levels of grey (of 256) that it spans, 5 to 95 percent of what is under its cells; grain has less."""
FAINT_CELLS = 32
"""Cells that it takes, at least: fewer are specks, or a tick of a ruler."""
FAINT_HEIGHT = 24
"""Cells that it is high, at most: the letters of a finest view, and what is uneven around them."""
ADDS = 0.05
"""Share of a line of a coarser view that finer ones must leave for it to count."""
LEAST_MASS = 3.0
"""Least sum of probabilities over the cells of a line: a single cell is no line."""
FINER = 4  # by how much finer than a cell the outline of a line is drawn


Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class TextLine:
    """A line of writing: an outline of (x, y) in pixels around it, how high it is, and how likely it is."""

    outline: Outline
    height: float  # pixels, margins included; of writing that runs upright or slanting across that way
    probability: float  # the detector's greatest along it


def lines_of(
    seen: Iterable[Seen], shape: tuple[int, ...], verifier: Callable[[Crops], float] = verify, sure: float = SURE
) -> tuple[TextLine, ...]:
    """Return the lines of writing in a picture of this shape, those of the finest view first.

    A line of a coarser view (letters that are too large for the finer) counts where the finer ones leave part of it.
    `verifier` says of the crops of a candidate how likely they show writing; `sure` is what both networks together
    must be for a line.
    """
    found: list[TextLine] = []
    cover = np.zeros(shape[:2], np.uint8)
    for number, each in enumerate(sorted(seen, key=lambda one: one.cell)):
        bars = (sure, sure - FAINTER if number == 0 else sure)
        lines = [line for line in _lines(each, verifier, *bars) if not found or _adds(line, cover, each.cell)]
        cover |= cover_of(lines, shape)
        found += lines
    return tuple(found)


def _adds(line: TextLine, cover: Cover, cell: float) -> bool:
    """Say whether a line covers more than what is covered already, its coarse edges left out."""
    reach = 2 * round(1.5 * cell) + 1
    grown = cv2.dilate(cover, np.ones((reach, reach), np.uint8))
    own = cover_of([line], cover.shape)
    return bool(own.any()) and float((grown[own > 0] == 0).mean()) > ADDS


def cover_of(lines: Sequence[TextLine], shape: tuple[int, ...]) -> Cover:
    """Return where lines stand: (rows, columns), 0 or 1."""
    cover = np.zeros(shape[:2], np.uint8)
    for line in lines:
        cv2.fillPoly(cover, [np.round(np.asarray(line.outline)).astype(np.int32)], (1,))
    return cover


@dataclass(frozen=True, eq=False)
class Candidates:
    """What may be lines: labels of cells (rows, columns), 0 for none; by label the greatest probability of writing.

    `likely` are the labels of those that may be lines.
    """

    labels: Labels
    peaks: Maps
    likely: tuple[int, ...]


def candidates_of(seen: Seen) -> Candidates:
    """Return what may be a line, or part of one."""
    text = seen.probabilities[0]
    if not (text > LIKELY).any():
        return Candidates(np.zeros(text.shape, np.int32), np.zeros(1, np.float32), ())
    count, labels = cv2.connectedComponents((text > PERHAPS).astype(np.uint8), connectivity=8)
    peaks, masses = _peaks_and_masses(text, labels, count)
    likely = np.flatnonzero((peaks > LIKELY) & (masses > LEAST_MASS))
    return Candidates(np.asarray(labels, np.int32), peaks, tuple(int(label) for label in likely))


def _lines(seen: Seen, verifier: Callable[[Crops], float], sure: float, faint: float) -> Iterator[TextLine]:
    """Yield the lines in a view: what is likelier than `sure`, or faint and likelier than `faint`; what joins on."""
    candidates = candidates_of(seen)
    if not candidates.likely:
        return
    cropper, taken = Cropper(seen), np.zeros(len(candidates.peaks), bool)
    for label in candidates.likely:
        cells = candidates.labels == label
        likely = _together(float(candidates.peaks[label]), verifier(cropper.crop(cells)))
        taken[label] = likely > sure or (likely > faint and _is_faint(cells, seen))
    taken |= beside(candidates.labels, taken, candidates.peaks)
    for number in np.flatnonzero(taken):
        cells = candidates.labels == number
        yield _line(cells | faded_ends(cells, seen), seen.cell, float(candidates.peaks[number]))


def _is_faint(cells: Any, seen: Seen) -> bool:
    """Say whether a candidate is as small as letters of its view, and spans few levels of grey, yet more than grain."""
    if np.count_nonzero(cells) < FAINT_CELLS or min(rectangle(cells)[1]) > FAINT_HEIGHT:
        return False
    low, high = np.percentile(under(cells, seen), (5, 95))
    return bool(FAINT[0] <= high - low <= FAINT[1])


def _together(detected: float, verified: float) -> float:
    """Return the probability that detector and verifier give together: their odds are multiplied."""
    yes, no = detected * verified, (1 - detected) * (1 - verified)
    return yes / max(yes + no, 1e-9)


def _peaks_and_masses(text: Maps, labels: Any, count: int) -> tuple[Maps, Maps]:
    """Return by label the greatest probability and the sum of all; the first label is what is below PERHAPS."""
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, labels.ravel(), text.ravel())
    masses = np.bincount(labels.ravel(), weights=text.ravel(), minlength=count).astype(np.float32)
    peaks[0] = masses[0] = 0
    return peaks, masses


def _line(candidate: Any, cell: float, probability: float) -> TextLine:
    """Return the line that a candidate is: its cells, and on all sides a cell and a seventh of its height more.

    Its outline follows the cells, for what touches a long edge of a frame or a second line would else take all between.
    """
    down, across = np.nonzero(candidate)
    top, left = int(down.min()), int(across.min())
    part = candidate[top : down.max() + 1, left : across.max() + 1].astype(np.uint8)
    reach = max(part.shape) + 2
    fine = np.pad(np.kron(part, np.ones((FINER, FINER), np.uint8)), reach * FINER)
    thickness = 2 * float(cv2.distanceTransform(fine, cv2.DIST_L2, 3).max()) / FINER
    margin = 0.75 + 0.15 * max(thickness - 1, 0)
    whole = cv2.morphologyEx(fine, cv2.MORPH_CLOSE, _disc(min(thickness, reach / 2)))
    outlines, _ = cv2.findContours(cv2.dilate(whole, _disc(margin)), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(outlines, key=cv2.contourArea)[:, 0]
    points = ((largest + 0.5) / FINER - reach + np.array([left, top])) * cell
    return TextLine(tuple((float(x), float(y)) for x, y in points), (thickness + 2 * margin) * cell, probability)


def _disc(radius: float) -> Cover:
    """Return a disc of a radius in cells."""
    side = 2 * round(radius * FINER) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
