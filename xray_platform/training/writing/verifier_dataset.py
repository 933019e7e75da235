"""Dataset of the verifier: crops of what the text detector takes for writing in examples, and whether it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import nn

from xray_platform.dicom.burned_in.crops import Cropper, Crops
from xray_platform.dicom.burned_in.lines import candidates_of
from xray_platform.dicom.burned_in.network import Seen, scales_of
from xray_platform.networks.text_detector import STRIDE
from xray_platform.training.writing.dataset import Background, TrainingExample, toned
from xray_platform.training.writing.scene import Grey
from xray_platform.training.writing.words import Rng

VIEW = 448  # pixels a side of these examples: crops show some of what surrounds a candidate
WRITTEN, UNSURE = 0.3, 0.03
"""A candidate is writing if more than that share of it is; it is none if no cell is, and no more than that unsure."""
REAL = 0.75
"""Probability above which what stands in a picture that nobody saw to be bare is taken for real writing."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """Crops (windows, 5, 48, 96) uint8 along a candidate, and whether it is writing."""

    crops: Crops
    writing: bool


def candidates_in(example: TrainingExample, detector: nn.Module) -> Iterator[Candidate]:
    """Yield what the detector may take for writing in a example, where it is known whether it is."""
    seen = _seen(example.grey, detector)
    candidates = candidates_of(seen)
    cropper = Cropper(seen)
    for label in candidates.likely:
        candidate = candidates.labels == label
        written = float(example.target[0][candidate].mean())
        unsure = float((example.weight[0][candidate] == 0).mean())
        if written > WRITTEN or (written == 0 and unsure <= UNSURE):
            yield Candidate(cropper.crop(candidate), written > WRITTEN)


def candidates_as_they_are(pictures: Sequence[Background], detector: nn.Module, rng: Rng) -> Iterator[Candidate]:
    """Yield what the detector takes for writing in pictures as they are, each turned, resized and toned anew.

    Made-up writing is not enough: the real one is cut off at the picture's edge, and packed and sharpened with it; so
    are clips, wires and lead letters. In a picture that is bare nothing is writing; in others what is surely seen is,
    and the rest does not count. Others of which a bare one is a copy are left out.
    """
    bare = {picture.grey.tobytes() for picture in pictures if picture.bare}
    for picture in pictures:
        if picture.bare or picture.grey.tobytes() not in bare:
            seen = _seen(_varied(picture.grey, rng), detector)
            candidates = candidates_of(seen)
            cropper = Cropper(seen)
            for label in candidates.likely:
                if picture.bare or candidates.peaks[label] > REAL:
                    yield Candidate(cropper.crop(candidates.labels == label), writing=not picture.bare)


def _varied(grey: Grey, rng: Rng) -> Grey:
    """Return a picture of about the size at which it is looked at, turned and toned, sides multiples of 32."""
    zoom = scales_of(grey.shape)[0] * float(np.exp(rng.uniform(np.log(0.75), np.log(1.3))))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(grey, None, fx=zoom, fy=zoom, interpolation=way), np.uint8)
    turned = np.ascontiguousarray(np.rot90(resized, int(rng.integers(4)) if rng.random() < 0.5 else 0))
    rows, columns = turned.shape
    black = cv2.BORDER_CONSTANT
    return toned(np.asarray(cv2.copyMakeBorder(turned, 0, -rows % 32, 0, -columns % 32, black, value=(0,))), rng)


def _seen(grey: Grey, detector: nn.Module) -> Seen:
    with torch.inference_mode():
        probabilities = torch.sigmoid(detector(torch.from_numpy(grey)[None, None].float() / 255))[0].numpy()
    return Seen(probabilities, float(STRIDE), grey)
