"""Contract of a model: how a detector or a network is fitted, saved and asked, in one way whatever its family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from xray_platform.image_stack import Heatmaps, Images, ImageSource, Labels, Samples, Scores
from xray_platform.imaging.pixel_range import BYTE, FULL, SCORES, UNIT, PixelRange
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.tables.columns import Family
from xray_platform.training.epoch_callback import OnEpoch
from xray_platform.training.training_settings import TrainingSettings

Task = Literal["one-class", "binary"]
GREY = (UNIT, FULL, BYTE, SCORES)
"""Pixel ranges of one channel; a model sees each of them as [0, 1] (`imaging.store.rounding.as_model_input`)."""


class FittedModel(Protocol):
    """A model that exists is fitted. Images are (N, S, S) float32 in [0, 1]; S is the side it was fitted with."""

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return one number an image, (N,) float64; higher is more abnormal, whoever is beside it in the stack."""
        ...

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return where each image looks abnormal, (N, S, S) float32; values of different images can be compared."""
        ...

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        ...

    def save(self, folder: Path) -> None:
        """Write it into `folder`; no file needs code to be run to be read."""
        ...


@runtime_checkable
class ClassModel(Protocol):
    """What a model is besides, that may know several classes; `classes` is empty where it does not."""

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def training(self) -> TrainingSettings: ...

    def class_logits(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the outputs for each class, (N, K) float64, normal first."""
        ...


@runtime_checkable
class SampledModel(Protocol):
    """What a model is besides, that can say how sure it is of a score by what it might have said instead."""

    def sampled_scores(self, images: Images, *, progress: Progress = silent) -> Mapping[str, Samples]:
        """Return other scores of each image, (times, N) float64, by where they come from; nothing where there are none.

        `dropout`: features left out; `members`: networks of other seeds; `parts`: the models of an ensemble.
        """
        ...


@runtime_checkable
class RandomisableModel(Protocol):
    """What a model is besides, whose maps can be held against those of the same model without what it learnt."""

    @property
    def weight_groups(self) -> int:
        """How many groups of weights there are from the input to the output."""
        ...

    def with_random_weights(self, groups: int, seed: int = 0) -> "FittedModel":
        """Return the model with its last `groups` groups of weights as before any training."""
        ...


def knowing_classes(model: FittedModel) -> ClassModel | None:
    """Return a model that tells several classes apart as such a one, None for any other."""
    return model if isinstance(model, ClassModel) and model.classes else None


@dataclass(frozen=True)
class Part:
    """One part of a cohort: images by index, (N, S, S) in [0, 1], and which of them are abnormal, (N,).

    `classes` are those of the training part in their order, normal first, and `present` (N, K) which a picture has.
    """

    images: ImageSource
    abnormal: Labels
    classes: tuple[str, ...] = ()
    present: Labels = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))


@dataclass(frozen=True)
class FitContext:
    """Around a fit: the folder for its checkpoints, and who hears how far it is, and of each epoch.

    `parts` are the fitted models that an ensemble joins, each with the view that it sees and its side in pixels.
    """

    folder: Path
    on_epoch: OnEpoch
    progress: Progress = silent
    parts: "Mapping[str, tuple[FittedModel, int, int]]" = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ModelKind:
    """One line of the table of models.

    version: of this model; raise it when the same data and settings give another model, and it alone is trained anew.
    library: what it is made with, as Dagster names kinds. learns_from_abnormal: whether it needs both classes.
    settings: the classes of its settings, whose fields the launchpad shows as one; the first is the model's own.
    recipe, side: which tensors it reads unless a store says otherwise; takes: the pixel ranges that it can read.
    on_request: it is trained only where a store asks for it, by naming it in its settings, or a person, by its asset.
    quick: settings, where they are not the defaults, that fit a few hundred phantoms within a minute (demo, tests).
    modules: names of the modules whose code makes a score, for the digest of a bundle.
    from_patches: of a model that works on patches, the settings that follow from the tensors' side and the `patches`.
    parts: of an ensemble, the names of the models that it joins with given settings; it reads what they read.
    """

    name: str
    family: Family
    task: Task
    version: str
    library: str
    description: str
    learns_from_abnormal: bool
    settings: tuple[type[Settings], ...]
    recipe: str
    side: int
    fit: Callable[[Part, Part, tuple[Any, ...], FitContext], FittedModel] = field(repr=False)
    load: Callable[[Path], FittedModel] = field(repr=False)
    modules: Callable[[], set[str]] = field(repr=False)
    takes: tuple[PixelRange, ...] = GREY
    on_request: bool = False
    quick: Mapping[str, Any] = field(default_factory=dict)
    parts: Callable[[Any], tuple[str, ...]] | None = None
    from_patches: Callable[[int, PatchSettings], dict[str, int]] | None = None
