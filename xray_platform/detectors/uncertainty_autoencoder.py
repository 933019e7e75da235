"""Uncertainty autoencoder: what it cannot draw of a picture is abnormal, where it was sure that it could.

An autoencoder draws pictures through a few numbers and says of each place how far it may be off (AE-U, Mao et al.,
MICCAI 2020). The residual over that is blind to ribs and edges, which no few numbers can draw, and sees what lies where
normal chests are all alike. It learns nothing but normal pictures, without borrowed weights.
"""

from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np
from pydantic import Field

from xray_platform.detectors.graph_detector import GraphDetector, GraphDetectorSettings, Lesson
from xray_platform.image_stack import Images, ImageSource

if TYPE_CHECKING:
    from torch import Generator, Tensor

MAP_BLUR = 0.02  # of the side: standard deviation of the smoothing of heat maps


class UncertaintyAutoencoderSettings(GraphDetectorSettings):
    """How much an autoencoder can draw, what of the picture counts, and how it learns."""

    side: int = Field(
        64, ge=32, le=256, multiple_of=16, description="side that pictures are brought to before anything, in pixels"
    )
    width: int = Field(16, ge=4, le=64, description="channels of the finest stage; others have 2 to 4 times as many")
    latent: int = Field(16, ge=1, le=256, description="numbers through which it draws; more draw lesions too")
    border: float = Field(
        0.0, ge=0, le=0.4, description="share of the side, at each edge, that does not count for the score"
    )


class UncertaintyAutoencoder(GraphDetector[UncertaintyAutoencoderSettings]):
    """`graph` gives the squared residual over its predicted variance of pictures (n, side, side), about 1 if normal.

    The score is the mean of it inside the border, the heat map is it, smoothed a little.
    """

    name: ClassVar[str] = "uncertainty_autoencoder"
    settings_class: ClassVar[type[GraphDetectorSettings]] = UncertaintyAutoencoderSettings

    @staticmethod
    def lesson(normal: ImageSource, settings: UncertaintyAutoencoderSettings) -> Lesson:  # noqa: ARG004 - the contract's
        """Draw normal pictures through a few numbers, and say how far off each place may be."""
        # torch takes seconds to import; those who only score need none
        from xray_platform.networks import uncertainty_autoencoder as network
        from xray_platform.training.normals_module import PretextTask
        from xray_platform.training.reframing import reframed

        def examples(images: "Tensor", rng: "Generator") -> tuple["Tensor", "Tensor"]:
            moved = reframed(images, settings.play, rng)
            return moved, moved

        return Lesson(
            lambda: network.UncertaintyAutoencoder(settings.side, settings.width, settings.latent),
            PretextTask(examples, network.reconstruction_loss),
            network.NormalisedResidual,
        )

    def counted(self, maps: Images) -> Images:
        """Return the maps without the border."""
        edge = round(self.settings.border * self.settings.side)
        inside = slice(edge, self.settings.side - edge)
        return maps[:, inside, inside]

    def shown(self, maps: Images) -> Images:
        """Return the maps smoothed a little."""
        return np.stack([cv2.GaussianBlur(each, (0, 0), MAP_BLUR * len(each)) for each in maps])

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen = self.settings
        learnt_from, learnt_for = self.told()
        left_out = f"; {chosen.border:.0%} at each edge does not count" if chosen.border else ""
        return [
            learnt_from,
            f"draws a picture through {chosen.latent} numbers and says of each place how far it may be off",
            learnt_for,
            f"score: the mean squared residual over its predicted variance, about 1 if normal{left_out}",
            "heat map: the same at each place, smoothed a little",
        ]
