"""Every model of both tables, to be fitted, loaded and asked in one way, whatever its family."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xray_platform.defs.launchpad import MODEL_SETTINGS as LAUNCHPAD
from xray_platform.defs.launchpad import QUICK_SETTINGS, part_of
from xray_platform.detectors.all import DETECTORS
from xray_platform.image_stack import Heatmaps, Images, Labels, Scores
from xray_platform.networks.all import NETWORKS
from xray_platform.progress import Progress, silent
from xray_platform.serving.models import load_model
from xray_platform.settings import Settings
from xray_platform.training.fit import fit_network
from xray_platform.training.training_settings import TrainingSettings

Part = tuple[Images, Labels]


class FittedModel(Protocol):
    """What a fitted detector and a trained network have in common."""

    settings: Any

    def score(self, images: Images, *, progress: Progress = silent) -> Scores: ...

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps: ...

    def describe(self) -> list[str]: ...

    def save(self, folder: Path) -> None: ...


@dataclass(frozen=True)
class ModelKind:
    """A line of either table, fitted with its own quick settings."""

    name: str

    @property
    def is_detector(self) -> bool:
        return self.name in DETECTORS

    @property
    def line(self) -> Any:
        """The line of the table."""
        return DETECTORS[self.name] if self.is_detector else NETWORKS[self.name]

    def quick(self, part: type[Settings]) -> Any:
        """Return one part of the quick settings: of the model itself, or of its training."""
        return part_of(part, LAUNCHPAD[self.name].model_validate(QUICK_SETTINGS.get(self.name, {})))

    def fit(self, train: Part, val: Part, folder: Path, progress: Progress = silent) -> Any:
        """Return the model, fitted to a training part: a detector to its normal images alone."""
        images, labels = train
        settings = self.quick(self.line.settings)
        if self.is_detector:
            return self.line.fit(images[~labels], settings, progress=progress)
        training = self.quick(TrainingSettings)
        return fit_network(self.name, settings, training, train, val, folder=folder, progress=progress)

    def load(self, folder: Path) -> Any:
        """Return the model that was saved in a folder."""
        return load_model("detector" if self.is_detector else "network", self.name, folder)


MODELS = {name: ModelKind(name) for name in (*DETECTORS, *NETWORKS)}
