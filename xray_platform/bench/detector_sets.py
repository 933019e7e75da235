"""Detector sets: images of labelled folders as detectors read them, prepared once for each recipe and side."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.contract import Inputs
from xray_platform.bench.labelled_images import LabelledImages, read_labelled
from xray_platform.image_stack import Images
from xray_platform.imaging.recipes import named_recipe
from xray_platform.progress import Progress

MOST_ABNORMAL = 600  # images, drawn at random, from each part that is judged
LEAST_FOR_SPLIT = 1000  # images; a smaller set is halved by subject, each half judged by what learnt from the other


@dataclass(frozen=True)
class Prepared:
    """Images of a set as a detector reads them."""

    images: LabelledImages
    stack: Images

    def normal(self, *splits: str) -> NDArray[np.bool_]:
        return ~self.images.abnormal & self.images.within(*splits)

    @property
    def abnormal(self) -> NDArray[np.bool_]:
        return self.images.abnormal & self.images.within("test")


class Sets:
    """The sets that were given, prepared once for each recipe and side."""

    def __init__(self, inputs: Inputs, progress: Progress) -> None:
        self.progress = progress
        self.all = [_fewer(read_labelled(folder)) for folder in inputs.data]
        self.stacks: dict[tuple[str, str, int], Images] = {}

    @property
    def digest(self) -> str:
        """Return digits of which images there are: others where a file was added or left out."""
        listed = ["|".join([each.name, *each.rows["file"]]) for each in self.all]
        return sha256("||".join(listed).encode()).hexdigest()[:12]

    def large(self, recipe: str, side: int) -> "list[Prepared]":
        """Return those that are divided by subject into train, validation and test."""
        return [self._prepared(each, recipe, side) for each in self.all if len(each.rows) >= LEAST_FOR_SPLIT]

    def small(self, recipe: str, side: int) -> "list[Prepared]":
        """Return those that are halved."""
        return [self._prepared(each, recipe, side) for each in self.all if len(each.rows) < LEAST_FOR_SPLIT]

    def _prepared(self, images: LabelledImages, recipe: str, side: int) -> "Prepared":
        key = (images.name, recipe, side)
        if key not in self.stacks:
            self.stacks[key] = images.prepared(named_recipe(*key[1:]), self.progress)
        return Prepared(images, self.stacks[key])


def _fewer(images: LabelledImages) -> LabelledImages:
    """Leave out abnormal images that are neither judged nor choose what is fused, and of those more than so many."""
    if len(images.rows) < LEAST_FOR_SPLIT:
        return images
    keep = ~images.abnormal
    for split, most in (("test", MOST_ABNORMAL), ("val", MOST_ABNORMAL // 2)):
        found = np.flatnonzero(images.abnormal & images.within(split))
        keep[np.random.default_rng(0).permutation(found)[:most]] = True
    return images.kept(keep)
