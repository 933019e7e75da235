"""Synthetic anomaly: what looks like lesions that were put into normal chests for a network to find.

Pieces of other pictures, opacities and veils are laid over the lungs of normal pictures, and a small network learns to
say where (the families of CutPaste, arXiv 2104.04015; NSA, arXiv 2109.15222; and AnatPaste, Sato et al. 2023). It sees
no abnormal picture and borrows no weights, and what it says of a place is a probability, so that maps of different
pictures have one scale.
"""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from xray_platform.detectors.graph_detector import CHUNK, GraphDetector, GraphDetectorSettings, Lesson
from xray_platform.detectors.normals import in_parts
from xray_platform.image_stack import Images, ImageSource

if TYPE_CHECKING:
    from torch import Generator, Tensor


class SyntheticAnomalySettings(GraphDetectorSettings):
    """How large the network and the lesions are that it learns to find, and how it learns."""

    width: int = Field(8, ge=4, le=64, description="channels of the finest stage; others have 2 and 4 times as many")
    largest: float = Field(
        0.19, ge=0.06, le=0.5, description="greatest half length of a made-up lesion, as a share of the side"
    )
    epochs: int = Field(15, ge=1, le=2000, description="times that it sees each normal picture, with other lesions")


class SyntheticAnomaly(GraphDetector[SyntheticAnomalySettings]):
    """`graph` gives of pictures (n, side, side) how likely something was put into each 4 x 4 pixels.

    The score is the mean of it, and the heat map is it, both between 0 and 1.
    """

    name: ClassVar[str] = "synthetic_anomaly"
    settings_class: ClassVar[type[GraphDetectorSettings]] = SyntheticAnomalySettings

    @staticmethod
    def lesson(normal: ImageSource, settings: SyntheticAnomalySettings) -> Lesson:
        """Find what was put into the lungs of normal pictures."""
        # torch takes seconds to import; those who only score need none
        import torch

        from xray_platform.networks.lesion_segmenter import LesionProbability, LesionSegmenter
        from xray_platform.training.made_up_lesions import LesionMaker, dark_places
        from xray_platform.training.normals_module import PretextTask
        from xray_platform.training.reframing import reframed

        lesions = LesionMaker(dark_places(torch.from_numpy(_mean(normal))), settings.largest)

        def examples(images: "Tensor", rng: "Generator") -> tuple["Tensor", "Tensor"]:
            return lesions(reframed(images, settings.play, rng), rng)

        task = PretextTask(examples, torch.nn.functional.binary_cross_entropy_with_logits)
        return Lesson(lambda: LesionSegmenter(settings.width), task, LesionProbability)

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        learnt_from, learnt_for = self.told()
        return [
            learnt_from,
            "finds pieces of other pictures, opacities and veils that were put into the lungs of these, and no others",
            learnt_for,
            "score: the mean over the picture of how likely something was put there, between 0 and 1",
            "heat map: the same at each place",
        ]


def _mean(images: ImageSource) -> Images:
    total = np.zeros(images.shape[1:], np.float64)
    for _, part in in_parts(images, CHUNK):
        total += part.sum(axis=0)
    return np.asarray(total / len(images), np.float32)
