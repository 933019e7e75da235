"""Synthetic anomaly: what looks like lesions that were put into normal chests for a network to find.

Pieces of other pictures, opacities and veils are laid over the lungs of normal pictures, and a small network learns to
say where (the families of CutPaste, NSA and AnatPaste). It sees no abnormal picture and borrows no weights, and what it
says of a place is a probability, so that maps of different pictures have one scale.
"""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field

from xray_platform.detectors.learnt import ResizedImages, read_learnt, write_learnt
from xray_platform.detectors.normals import check_normals, in_parts, sampled
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
History = tuple[dict[str, float], ...]


class SyntheticAnomalySettings(NormalsTrainingSettings):
    """How large the network and the lesions are that it learns to find, and how it learns."""

    side: int = Field(
        128, ge=32, le=512, multiple_of=8, description="side that pictures are brought to before anything, in pixels"
    )
    width: int = Field(8, ge=4, le=64, description="channels of the finest stage; others have 2 and 4 times as many")
    largest: float = Field(
        0.19, ge=0.06, le=0.5, description="greatest half length of a made-up lesion, as a share of the side"
    )
    epochs: int = Field(15, ge=1, le=2000, description="times that it sees each normal picture, with other lesions")


@dataclass(frozen=True, eq=False)
class SyntheticAnomaly:
    """`graph` gives of pictures (n, side, side) how likely something was put into each 4 x 4 pixels."""

    settings: SyntheticAnomalySettings
    picture_side: int
    normals: int
    history: History = field(repr=False)
    graph: OpenVinoGraph = field(repr=False)
    name: ClassVar[str] = "synthetic_anomaly"

    @classmethod
    def fit(cls, normal: ImageSource, settings: SyntheticAnomalySettings, *, progress: Progress = silent) -> Self:
        """Return the detector of these normal pictures (N, S, S) in [0, 1].

        Raises InputError for pictures that it cannot take and DataError for fewer than three.
        """
        with TemporaryDirectory() as folder:
            return cls.fit_in_epochs(normal, settings, Path(folder), progress=progress)

    @classmethod
    def fit_in_epochs(
        cls,
        normal: ImageSource,
        settings: SyntheticAnomalySettings,
        folder: Path,
        *,
        progress: Progress = silent,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Return the same; a fit that was cut short goes on from the checkpoint that it left in `folder`."""
        side = check_normals(normal)
        some = ResizedImages(sampled(normal, settings.pictures, settings.seed), settings.side)
        # torch takes seconds to import; those who only score need none
        import torch

        from xray_platform.networks.lesion_segmenter import LesionProbability, LesionSegmenter
        from xray_platform.training.fit_normals import fit_to_normals
        from xray_platform.training.made_up_lesions import LesionMaker, dark_places
        from xray_platform.training.normals_module import PretextTask
        from xray_platform.training.openvino_graph import export_graph
        from xray_platform.training.reframing import reframed

        lesions = LesionMaker(dark_places(torch.from_numpy(_mean(some))), settings.largest)

        def examples(images: "Tensor", rng: "Generator") -> tuple["Tensor", "Tensor"]:
            return lesions(reframed(images, settings.play, rng), rng)

        learnt, history = fit_to_normals(
            lambda: LesionSegmenter(settings.width),
            PretextTask(examples, torch.nn.functional.binary_cross_entropy_with_logits),
            some, settings, name=cls.name, folder=folder, progress=progress, on_epoch=on_epoch,
        )  # fmt: skip
        return cls(settings, side, len(normal), history, export_graph(LesionProbability(learnt), settings.side))

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean over the picture of how likely something was put there, between 0 and 1."""
        stack, scores = check_images(images, side=self.picture_side), np.empty(len(images), np.float64)
        for part in batch_slices(stack, CHUNK):
            scores[part] = self._likely(stack[part]).mean(axis=(1, 2), dtype=np.float64)
            progress(min(part.stop, len(stack)), len(stack), f"scoring with {self.name}")
        return scores

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return how likely something was put into each place, (N, S, S) float32, between 0 and 1."""
        stack, maps = check_images(images, side=self.picture_side), np.empty(images.shape, np.float32)
        for part in batch_slices(stack, CHUNK):
            maps[part] = resized(self._likely(stack[part]), self.picture_side)
            progress(min(part.stop, len(stack)), len(stack), f"heat maps of {self.name}")
        return maps

    def _likely(self, stack: Images) -> Images:
        (likely,) = self.graph(resized(stack, self.settings.side))
        return np.asarray(likely[:, 0], np.float32)

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen, loss = self.settings, self.history[-1]["val_loss"]
        return [
            f"{self.name}: learnt from {self.normals} normal pictures at {chosen.side} x {chosen.side} px",
            "finds pieces of other pictures, opacities and veils that were put into the lungs of these, and no others",
            f"learnt for {len(self.history)} epochs, seed {chosen.seed}; loss {loss:.3f} on pictures kept aside",
            "score: the mean over the picture of how likely something was put there, between 0 and 1",
            "heat map: the same at each place",
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
            settings = SyntheticAnomalySettings.model_validate(card["settings"])
            return cls(settings, card["picture_side"], card["normals"], tuple(card["history"]), graph)
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error


def _mean(images: ImageSource) -> Images:
    total = np.zeros(images.shape[1:], np.float64)
    for _, part in in_parts(images, CHUNK):
        total += part.sum(axis=0)
    return np.asarray(total / len(images), np.float32)
