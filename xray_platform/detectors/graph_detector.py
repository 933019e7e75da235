"""Graph detector: what detectors with a network of their own share: taught in epochs, kept as a graph that scores."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar, cast

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
    from torch import nn

    from xray_platform.training.normals_module import PretextTask

CHUNK = 64
History = tuple[dict[str, float], ...]


class GraphDetectorSettings(NormalsTrainingSettings):
    """How a network learns from normal images, and what it sees of them."""

    side: int = Field(
        128, ge=32, le=512, multiple_of=8, description="side that pictures are brought to before anything, in pixels"
    )


S = TypeVar("S", bound=GraphDetectorSettings)


@dataclass(frozen=True)
class Lesson:
    """How a network is built, what it learns, and what of it is kept: a module that gives the map of what is seen."""

    build: "Callable[[], nn.Module]"
    task: "PretextTask"
    kept: "Callable[[nn.Module], nn.Module]"


@dataclass(frozen=True, eq=False)
class GraphDetector(ABC, Generic[S]):
    """`graph` gives a map of pictures (n, side, side): how unlike normal each place is."""

    settings: S
    picture_side: int
    normals: int
    history: History = field(repr=False)
    graph: OpenVinoGraph = field(repr=False)
    name: ClassVar[str]
    settings_class: ClassVar[type[GraphDetectorSettings]]

    @staticmethod
    @abstractmethod
    def lesson(normal: ImageSource, settings: S) -> Lesson:
        """Return what is learnt of normal pictures (N, side, side); torch may be imported here and not above."""

    @abstractmethod
    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""

    def counted(self, maps: Images) -> Images:
        """Return the part of the graph's maps whose mean is the score: all of them, unless a kind says otherwise."""
        return maps

    def shown(self, maps: Images) -> Images:
        """Return the graph's maps as heat maps show them: as they are, unless a kind says otherwise."""
        return maps

    @classmethod
    def fit(cls, normal: ImageSource, settings: S, *, progress: Progress = silent) -> Self:
        """Return the detector of these normal pictures (N, S, S) in [0, 1].

        Raises InputError for pictures that it cannot take and DataError for fewer than three.
        """
        with TemporaryDirectory() as folder:
            return cls.fit_in_epochs(normal, settings, Path(folder), progress=progress)

    @classmethod
    def fit_in_epochs(
        cls,
        normal: ImageSource,
        settings: S,
        folder: Path,
        *,
        progress: Progress = silent,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Return the same; a fit that was cut short goes on from the checkpoint that it left in `folder`."""
        side = check_normals(normal)
        some = ResizedImages(sampled(normal, settings.pictures, settings.seed), settings.side)
        # torch takes seconds to import; those who only score need none
        from xray_platform.networks.mean_of_maps import mean_of_maps
        from xray_platform.training.fit_normals import fit_to_normals
        from xray_platform.training.openvino_graph import export_graph

        lesson = cls.lesson(some, settings)
        learnt, history = fit_to_normals(
            lesson.build, lesson.task, some, settings, name=cls.name, folder=folder, progress=progress,
            on_epoch=on_epoch,
        )  # fmt: skip
        kept = mean_of_maps([lesson.kept(network) for network in learnt])
        return cls(settings, side, len(normal), history, export_graph(kept, settings.side))

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean over what counts of the map, (N,) float64; higher is more abnormal."""
        stack, scores = check_images(images, side=self.picture_side), np.empty(len(images), np.float64)
        for part in batch_slices(stack, CHUNK):
            scores[part] = self.counted(self._maps(stack[part])).mean(axis=(1, 2), dtype=np.float64)
            progress(min(part.stop, len(stack)), len(stack), f"scoring with {self.name}")
        return scores

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return the map at the pictures' own side, (N, S, S) float32; values of different pictures can be compared."""
        stack, maps = check_images(images, side=self.picture_side), np.empty(images.shape, np.float32)
        for part in batch_slices(stack, CHUNK):
            maps[part] = resized(self.shown(self._maps(stack[part])), self.picture_side)
            progress(min(part.stop, len(stack)), len(stack), f"heat maps of {self.name}")
        return maps

    def _maps(self, stack: Images) -> Images:
        (maps,) = self.graph(resized(stack, self.settings.side))
        return np.asarray(maps[:, 0], np.float32)

    def told(self) -> tuple[str, str]:
        """Say from what it learnt, and for how long."""
        chosen, loss = self.settings, self.history[-1]["val_loss"]
        last = chosen.seed + chosen.members - 1
        seeds = f"seed {chosen.seed}" if chosen.members == 1 else f"seeds {chosen.seed} to {last}, maps averaged"
        return (
            f"{self.name}: learnt from {self.normals} normal pictures at {chosen.side} x {chosen.side} px",
            f"learnt for {len(self.history)} epochs, {seeds}; loss {loss:.3f} on pictures kept aside",
        )

    def save(self, folder: Path) -> None:
        """Write `detector.json`, `arrays.npz` and the graph into `folder`."""
        facts = {"picture_side": self.picture_side, "normals": self.normals, "history": list(self.history)}
        write_learnt(folder, self.name, self.settings, facts, {}, self.graph)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote."""
        card, _, graph = read_learnt(folder, cls.name)
        try:
            settings = cast("S", cls.settings_class.model_validate(card["settings"]))
            return cls(settings, card["picture_side"], card["normals"], tuple(card["history"]), graph)
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error
