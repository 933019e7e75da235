"""Patch autoencoder: what cannot be drawn of patches through a few numbers, having seen patches of normal chests alone.

A network draws windows of a picture one by one, so that it learns from thousands of them a handful of pictures, and
knows nothing of what lies beside (as texture patches are drawn in arXiv 1807.02011). A difference is read in units of
what is usual at its place, since some places are harder to draw than others.
"""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from xray_platform.detectors.denoising_autoencoder import tensors
from xray_platform.detectors.graph_detector import GraphDetector, GraphDetectorSettings, Lesson
from xray_platform.image_stack import ImageSource

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn


class PatchAutoencoderSettings(GraphDetectorSettings):
    """Which patches are drawn, through how few numbers, and how drawings are compared."""

    side: int = Field(
        128, ge=32, le=512, multiple_of=16, description="side that pictures are brought to before anything, in pixels"
    )
    patch: int = Field(
        32, ge=16, le=128, multiple_of=16, description="side of a patch, in pixels; the stride is half of it"
    )
    patches: int = Field(
        4, ge=1, le=256, description="patches of each picture that it learns from each time, at random"
    )
    width: int = Field(16, ge=4, le=64, description="channels of the finest stage; others have 2 and 4 times as many")
    latent: int = Field(16, ge=1, le=256, description="numbers through which a patch is drawn; more draw lesions too")
    loss: Literal["l1", "l2", "ssim"] = Field(
        "l1", description="what is compared, while it learns and after: l1, l2: grey values; ssim: structure"
    )
    epochs: int = Field(10, ge=1, le=2000, description="times that it sees each normal picture")

    @model_validator(mode="after")
    def _whole_patches(self) -> Self:
        if self.patch > self.side or self.side % (self.patch // 2):
            raise ValueError(
                f"side {self.side} and patch {self.patch} do not fit; "
                "allowed: a side that is a multiple of half the patch, and no smaller than it"
            )
        return self


class PatchAutoencoder(GraphDetector[PatchAutoencoderSettings]):
    """`graph` gives the squared difference of pictures (n, side, side) from their patches as drawn, over the usual.

    The score is the mean of it, about 1 if normal, and the heat map is it.
    """

    name: ClassVar[str] = "patch_autoencoder"
    settings_class: ClassVar[type[GraphDetectorSettings]] = PatchAutoencoderSettings

    @staticmethod
    def lesson(normal: ImageSource, settings: PatchAutoencoderSettings) -> Lesson:
        """Draw patches of normal pictures through a few numbers."""
        # torch takes seconds to import; those who only score need none
        import torch

        from xray_platform.networks.drawing import BottleneckAutoencoder
        from xray_platform.networks.drawing_residual import PatchwiseResidual, drawing_loss
        from xray_platform.training.normals_module import PretextTask
        from xray_platform.training.reframing import reframed

        patch, places = settings.patch, settings.side - settings.patch + 1

        def examples(images: "Tensor", rng: "Generator") -> tuple["Tensor", "Tensor"]:
            moved, count = reframed(images, settings.play, rng), len(images) * settings.patches
            tops, lefts = (torch.randint(places, (count,), generator=rng) for _ in range(2))
            drawn = torch.stack(
                [
                    moved[number % len(images), :, top : top + patch, left : left + patch]
                    for number, (top, left) in enumerate(zip(tops.tolist(), lefts.tolist(), strict=True))
                ]
            )
            return drawn, drawn

        def kept(network: "nn.Module") -> "nn.Module":
            whole = PatchwiseResidual(network, settings.loss, settings.side, patch)
            whole.learn(tensors(normal))
            return whole

        return Lesson(
            lambda: BottleneckAutoencoder(patch, settings.width, settings.latent),
            PretextTask(examples, lambda said, wanted: drawing_loss(said, wanted, settings.loss)),
            kept,
        )

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen = self.settings
        learnt_from, learnt_for = self.told()
        compared = "structure (SSIM)" if chosen.loss == "ssim" else f"grey values ({chosen.loss})"
        return [
            learnt_from,
            f"draws patches of {chosen.patch} x {chosen.patch} px through {chosen.latent} numbers, compares {compared}",
            learnt_for,
            "score: the mean squared difference over what is usual at each place, about 1 if normal",
            "heat map: the same at each place",
        ]
