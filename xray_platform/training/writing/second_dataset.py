"""Second dataset: cuts of what the text detector takes for writing in lessons, and whether it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import nn

from xray_platform.dicom.burned_in.cuts import Cuts, Cutter
from xray_platform.dicom.burned_in.lines import pieces_of
from xray_platform.dicom.burned_in.network import Seen, scales_of
from xray_platform.networks.text_detector import STRIDE
from xray_platform.training.writing.dataset import Background, Lesson, toned
from xray_platform.training.writing.scene import Grey
from xray_platform.training.writing.words import Chance

VIEW = 448  # pixels a side of these lessons: cuts show some of what surrounds a piece
WRITTEN, UNSURE = 0.3, 0.03
"""A piece is writing if more than that share of it is; it is none if no cell is, and no more than that share unsure."""
REAL = 0.75
"""Chance above which what stands in a picture that nobody saw to be bare is taken for real writing."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Cuts (windows, 5, 48, 96) uint8 along a piece, and whether it is writing."""

    cuts: Cuts
    writing: bool


def pieces_in(lesson: Lesson, detector: nn.Module) -> Iterator[Piece]:
    """Yield what the detector may take for writing in a lesson, where it is known whether it is."""
    seen = _seen(lesson.grey, detector)
    pieces = pieces_of(seen)
    cutter = Cutter(seen)
    for label in pieces.likely:
        piece = pieces.labels == label
        written = float(lesson.truth[0][piece].mean())
        unsure = float((lesson.weight[0][piece] == 0).mean())
        if written > WRITTEN or (written == 0 and unsure <= UNSURE):
            yield Piece(cutter.cut(piece), written > WRITTEN)


def real_pieces(pictures: Sequence[Background], detector: nn.Module, chance: Chance) -> Iterator[Piece]:
    """Yield what the detector surely takes for writing in pictures as they are, each turned, resized and toned anew.

    Made-up writing is not enough: the real one is cut off at the picture's edge, and packed and sharpened with it.
    Pictures that are bare are left out, and those of which a bare one is a copy.
    """
    bare = {picture.grey.tobytes() for picture in pictures if picture.bare}
    for picture in pictures:
        if not picture.bare and picture.grey.tobytes() not in bare:
            seen = _seen(_varied(picture.grey, chance), detector)
            pieces = pieces_of(seen)
            cutter = Cutter(seen)
            for label in pieces.likely:
                if pieces.peaks[label] > REAL:
                    yield Piece(cutter.cut(pieces.labels == label), writing=True)


def _varied(grey: Grey, chance: Chance) -> Grey:
    """Return a picture of about the size at which it is looked at, turned and toned, sides multiples of 32."""
    zoom = scales_of(grey.shape)[0] * float(np.exp(chance.uniform(np.log(0.75), np.log(1.3))))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(grey, None, fx=zoom, fy=zoom, interpolation=way), np.uint8)
    turned = np.ascontiguousarray(np.rot90(resized, int(chance.integers(4)) if chance.random() < 0.5 else 0))
    rows, columns = turned.shape
    black = cv2.BORDER_CONSTANT
    return toned(np.asarray(cv2.copyMakeBorder(turned, 0, -rows % 32, 0, -columns % 32, black, value=(0,))), chance)


def _seen(grey: Grey, detector: nn.Module) -> Seen:
    with torch.inference_mode():
        chances = torch.sigmoid(detector(torch.from_numpy(grey)[None, None].float() / 255))[0].numpy()
    return Seen(chances, float(STRIDE), grey)
