"""Contract of a detector: fitted on normal pictures only, it scores how unlike normal a picture is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from xray_platform.errors import InputError
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.training.epoch_callback import OnEpoch, ignore_epoch

FEWEST_NORMALS = 3


class Detector(Protocol):
    """A detector that exists is fitted: a frozen value that does not know its threshold.

    Pictures are (N, S, S) float32 in [0, 1]; S is the side that it was fitted with.
    """

    @classmethod
    def fit(cls, normal: ImageSource, settings: Any, *, progress: Progress = silent) -> Self:
        """Return the detector that learnt what normal is; `settings` is a value of its kind's settings class.

        The pictures are read in parts, so that memory does not grow with the archive; what must be held of all of them
        has a bound in the settings, and a sample is drawn by the seed.

        Raises `InputError` for pictures that it cannot take and `DataError` for fewer than `FEWEST_NORMALS`.
        """
        ...

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return one number a picture, (N,) float64; higher is more abnormal, whoever is beside it in the stack."""
        ...

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return where it is unlike normal, (N, S, S) float32; values of different pictures can be compared."""
        ...

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        ...

    def save(self, folder: Path) -> None:
        """Write it into `folder`, which is made where it is missing; no file needs code to be run to be read."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote; raises `StoreError` where that is missing or damaged."""
        ...


@runtime_checkable
class LearntDetector(Detector, Protocol):
    """A detector with a network of its own: it learns in epochs, and a fit that was cut short goes on."""

    @classmethod
    def fit_in_epochs(
        cls,
        normal: ImageSource,
        settings: Any,
        folder: Path,
        *,
        progress: Progress = silent,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Return what `fit` returns; `folder` holds checkpoints meanwhile, `on_epoch` hears the losses of each epoch.

        The same call after a kill resumes from the last whole epoch, and ends with the same detector.
        """
        ...


@dataclass(frozen=True)
class DetectorKind:
    """One line of the table of detectors: its name, settings and class, and what it is in one sentence.

    `version` is that of the method: raise it when the same data and settings give another detector. `recipe` and `side`
    are those of the tensors that it reads unless a store says otherwise; `library` is what it is made with. With
    `on_request` it is trained only where a store asks for it. A detector
    that works on patches says in `from_patches` which of its settings follow from the side of the tensors and from how
    the store's asset `patches` cuts them; these are not chosen elsewhere. `quick` are
    the settings, where they are not the defaults, that fit a few hundred phantoms within seconds: for the demo and the
    tests.
    """

    name: str
    settings: type[Settings]
    detector: type[Detector]
    description: str
    version: str = "1"
    recipe: str = "default"
    side: int = 128
    library: str = "scikitlearn"
    from_patches: Callable[[int, PatchSettings], dict[str, int]] | None = None
    on_request: bool = False
    quick: Mapping[str, Any] = field(default_factory=dict)

    def fit(
        self,
        normal: ImageSource,
        settings: Settings,
        *,
        progress: Progress = silent,
        folder: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Detector:
        """Return this kind of detector, fitted; raises `InputError` for settings of another kind.

        One that learns in epochs keeps its checkpoints in `folder`, where one is given, and tells `on_epoch` of each.
        """
        if not isinstance(settings, self.settings):
            raise InputError(f"{self.name} takes {self.settings.__name__}, not {type(settings).__name__}")
        if folder is not None and issubclass(self.detector, LearntDetector):
            return self.detector.fit_in_epochs(normal, settings, folder, progress=progress, on_epoch=on_epoch)
        return self.detector.fit(normal, settings, progress=progress)

    def load(self, folder: Path) -> Detector:
        """Return the detector of this kind that was saved in `folder`."""
        return self.detector.load(folder)
