"""Uncertainty autoencoder: what it cannot draw of a picture is abnormal, where it was sure that it could.

An autoencoder draws pictures through a few numbers and says of each place how far it may be off (AE-U, Mao et al.,
MICCAI 2020). The residual over that is blind to ribs and edges, which no few numbers can draw, and sees what lies where
normal chests are all alike. It learns nothing but normal pictures, without borrowed weights.
"""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Self

import cv2
import numpy as np
from pydantic import Field

from xray_platform.detectors.learnt import ResizedImages, read_learnt, write_learnt
from xray_platform.detectors.normals import check_normals, sampled
from xray_platform.detectors.resized import resized
from xray_platform.errors import StoreError
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores, batch_slices, check_images
from xray_platform.progress import Progress, silent
from xray_platform.training.epoch_callback import OnEpoch, ignore_epoch
from xray_platform.training.normals_settings import NormalsTrainingSettings
from xray_platform.training.openvino_graph import OpenVinoGraph

if TYPE_CHECKING:
    from torch import Generator, Tensor

CHUNK = 64
MAP_BLUR = 0.02  # of the side: standard deviation of the smoothing of heat maps
History = tuple[dict[str, float], ...]


class UncertaintyAutoencoderSettings(NormalsTrainingSettings):
    """How much an autoencoder can draw, what of the picture counts, and how it learns."""

    side: int = Field(
        64, ge=32, le=256, multiple_of=16, description="side that pictures are brought to before anything, in pixels"
    )
    width: int = Field(16, ge=4, le=64, description="channels of the finest stage; others have 2 to 4 times as many")
    latent: int = Field(16, ge=1, le=256, description="numbers through which it draws; more draw lesions too")
    border: float = Field(
        0.0, ge=0, le=0.4, description="share of the side, at each edge, that does not count for the score"
    )


@dataclass(frozen=True, eq=False)
class UncertaintyAutoencoder:
    """`graph` gives the squared residual over its predicted variance of pictures (n, side, side)."""

    settings: UncertaintyAutoencoderSettings
    picture_side: int
    normals: int
    history: History = field(repr=False)
    graph: OpenVinoGraph = field(repr=False)
    name: ClassVar[str] = "uncertainty_autoencoder"

    @classmethod
    def fit(cls, normal: ImageSource, settings: UncertaintyAutoencoderSettings, *, progress: Progress = silent) -> Self:
        """Return the detector of these normal pictures (N, S, S) in [0, 1].

        Raises InputError for pictures that it cannot take and DataError for fewer than three.
        """
        with TemporaryDirectory() as folder:
            return cls.fit_in_epochs(normal, settings, Path(folder), progress=progress)

    @classmethod
    def fit_in_epochs(
        cls,
        normal: ImageSource,
        settings: UncertaintyAutoencoderSettings,
        folder: Path,
        *,
        progress: Progress = silent,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Return the same; a fit that was cut short goes on from the checkpoint that it left in `folder`."""
        side = check_normals(normal)
        some = ResizedImages(sampled(normal, settings.pictures, settings.seed), settings.side)
        # torch takes seconds to import; those who only score need none
        from xray_platform.networks import uncertainty_autoencoder as network
        from xray_platform.training.fit_normals import fit_to_normals
        from xray_platform.training.normals_module import PretextTask
        from xray_platform.training.openvino_graph import export_graph
        from xray_platform.training.reframing import reframed

        def examples(images: "Tensor", rng: "Generator") -> tuple["Tensor", "Tensor"]:
            moved = reframed(images, settings.play, rng)
            return moved, moved

        learnt, history = fit_to_normals(
            lambda: network.UncertaintyAutoencoder(settings.side, settings.width, settings.latent),
            PretextTask(examples, network.reconstruction_loss),
            some, settings, name=cls.name, folder=folder, progress=progress, on_epoch=on_epoch,
        )  # fmt: skip
        graph = export_graph(network.NormalisedResidual(learnt), settings.side)
        return cls(settings, side, len(normal), history, graph)

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean squared residual over its predicted variance: about 1 if normal."""
        stack, scores = check_images(images, side=self.picture_side), np.empty(len(images), np.float64)
        edge = round(self.settings.border * self.settings.side)
        inside = slice(edge, self.settings.side - edge)
        for part in batch_slices(stack, CHUNK):
            scores[part] = self._unusual(stack[part])[:, inside, inside].mean(axis=(1, 2), dtype=np.float64)
            progress(min(part.stop, len(stack)), len(stack), f"scoring with {self.name}")
        return scores

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return the squared residual over its predicted variance, smoothed a little, (N, S, S) float32."""
        stack, maps = check_images(images, side=self.picture_side), np.empty(images.shape, np.float32)
        for part in batch_slices(stack, CHUNK):
            small = [cv2.GaussianBlur(each, (0, 0), MAP_BLUR * len(each)) for each in self._unusual(stack[part])]
            maps[part] = resized(np.stack(small), self.picture_side)
            progress(min(part.stop, len(stack)), len(stack), f"heat maps of {self.name}")
        return maps

    def _unusual(self, stack: Images) -> Images:
        (unusual,) = self.graph(resized(stack, self.settings.side))
        return np.asarray(unusual[:, 0], np.float32)

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen, loss = self.settings, self.history[-1]["val_loss"]
        left_out = f"; {chosen.border:.0%} at each edge does not count" if chosen.border else ""
        return [
            f"{self.name}: learnt from {self.normals} normal pictures at {chosen.side} x {chosen.side} px",
            f"draws a picture through {chosen.latent} numbers and says of each place how far it may be off",
            f"learnt for {len(self.history)} epochs, seed {chosen.seed}; loss {loss:.3f} on pictures kept aside",
            f"score: the mean squared residual over its predicted variance, about 1 if normal{left_out}",
            "heat map: the same at each place, smoothed a little",
        ]

    def save(self, folder: Path) -> None:
        """Write `detector.json`, `arrays.npz` and the graph into `folder`."""
        facts = {"picture_side": self.picture_side, "normals": self.normals, "history": list(self.history)}
        write_learnt(folder, self.name, self.settings, facts, {}, self.graph)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote."""
        card, _, graph = read_learnt(folder, cls.name)
        try:
            settings = UncertaintyAutoencoderSettings.model_validate(card["settings"])
            return cls(settings, card["picture_side"], card["normals"], tuple(card["history"]), graph)
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error
