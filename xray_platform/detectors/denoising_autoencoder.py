"""Denoising autoencoder: what it cannot draw of a picture, having learnt to draw normal ones out of noise.

It draws through a few numbers, too few for a lesion; without them it is a small U-Net that takes coarse noise
out of normal pictures, and takes a lesion for noise (DAE, Kascenas et al., MIDL 2022). With the loss `ssim` it compares
structure and not grey values (AE-SSIM, arXiv 1807.02011). A difference is read in units of what is usual at its place.
"""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from xray_platform.detectors.graph_detector import CHUNK, GraphDetector, GraphDetectorSettings, Lesson
from xray_platform.detectors.normals import in_parts
from xray_platform.image_stack import ImageSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Generator, Tensor, nn


class DenoisingAutoencoderSettings(GraphDetectorSettings):
    """What is drawn, out of which noise or through how few numbers, and how drawings are compared."""

    side: int = Field(
        64, ge=32, le=256, multiple_of=16, description="side that pictures are brought to before anything, in pixels"
    )
    width: int = Field(16, ge=4, le=64, description="channels of the finest stage; others have 2 and 4 times as many")
    loss: Literal["l1", "l2", "ssim"] = Field(
        "l1", description="what is compared, while it learns and after: l1, l2: grey values; ssim: structure"
    )
    noise: float = Field(
        0.1, ge=0, le=1, description="standard deviation of the noise that is taken out, of a range of 1; 0: none"
    )
    grain: int = Field(4, ge=1, le=32, description="size of the noise's grains, in pixels of `side`")
    latent: int = Field(
        8, ge=0, le=256, description="numbers through which it draws; 0: none, a U-Net sees the noisy picture itself"
    )
    epochs: int = Field(20, ge=1, le=2000, description="times that it sees each normal picture")

    @model_validator(mode="after")
    def _something_to_do(self) -> Self:
        if not self.noise and not self.latent:
            raise ValueError("without noise and latent it learns to copy; allowed: noise above 0, or latent above 0")
        return self


class DenoisingAutoencoder(GraphDetector[DenoisingAutoencoderSettings]):
    """`graph` gives the squared difference of pictures (n, side, side) from what is drawn, over the usual one.

    The score is the mean of it, about 1 if normal, and the heat map is it.
    """

    name: ClassVar[str] = "denoising_autoencoder"
    settings_class: ClassVar[type[GraphDetectorSettings]] = DenoisingAutoencoderSettings

    @staticmethod
    def lesson(normal: ImageSource, settings: DenoisingAutoencoderSettings) -> Lesson:
        """Draw normal pictures out of noise, or through a few numbers."""
        # torch takes seconds to import; those who only score need none
        import torch
        from torch.nn.functional import interpolate

        from xray_platform.networks.drawing import BottleneckAutoencoder, Denoiser
        from xray_platform.networks.drawing_residual import DrawingResidual, drawing_loss
        from xray_platform.training.normals_module import PretextTask
        from xray_platform.training.reframing import reframed

        def build() -> "nn.Module":
            if settings.latent:
                return BottleneckAutoencoder(settings.side, settings.width, settings.latent)
            return Denoiser(settings.width)

        def examples(images: "Tensor", rng: "Generator") -> tuple["Tensor", "Tensor"]:
            moved = reframed(images, settings.play, rng)
            side = -(-settings.side // settings.grain)
            grains = torch.randn((len(moved), 1, side, side), generator=rng)
            coarse = interpolate(grains, size=settings.side, mode="bilinear", align_corners=False).to(moved.device)
            return moved + settings.noise * coarse / coarse.std().clamp(min=1e-6), moved

        def kept(network: "nn.Module") -> "nn.Module":
            whole = DrawingResidual(network, settings.loss, settings.side)
            whole.learn(tensors(normal))
            return whole

        return Lesson(
            build, PretextTask(examples, lambda said, wanted: drawing_loss(said, wanted, settings.loss)), kept
        )

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen = self.settings
        learnt_from, learnt_for = self.told()
        noise = f"out of noise of deviation {chosen.noise:g} in grains of {chosen.grain} px" if chosen.noise else ""
        through = f"through {chosen.latent} numbers" if chosen.latent else ""
        compared = "structure (SSIM)" if chosen.loss == "ssim" else f"grey values ({chosen.loss})"
        return [
            learnt_from,
            f"draws a picture {' '.join(filter(None, (noise, through)))}, and compares {compared}",
            learnt_for,
            "score: the mean squared difference over what is usual at each place, about 1 if normal",
            "heat map: the same at each place",
        ]


def tensors(images: ImageSource) -> "Iterator[Tensor]":
    """Yield pictures as tensors (n, 1, S, S), some at a time."""
    import torch

    for _, part in in_parts(images, CHUNK):
        yield torch.from_numpy(np.ascontiguousarray(part[:, None]))
