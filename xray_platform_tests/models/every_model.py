"""Every model of the table, to be fitted, loaded and asked in one way, whatever its family."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xray_platform.defs.launchpad import MODEL_SETTINGS as LAUNCHPAD
from xray_platform.defs.launchpad import QUICK_SETTINGS, part_of
from xray_platform.image_stack import Images, Labels
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.models import all as table
from xray_platform.models import contract
from xray_platform.models.named import load_model
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.training.epoch_callback import ignore_epoch

Part = tuple[Images, Labels]


@dataclass(frozen=True)
class ModelKind:
    """A line of the table, fitted with its own quick settings."""

    name: str

    @property
    def line(self) -> contract.ModelKind:
        """The line of the table."""
        return table.MODELS[self.name]

    def quick(self, part: type[Settings]) -> Any:
        """Return one part of the quick settings: of the model itself, or of its training."""
        cut = self.line.from_patches(self.line.side, PatchSettings()) if self.line.from_patches else {}
        known = {name: value for name, value in cut.items() if name in part.model_fields}
        return part_of(part, LAUNCHPAD[self.name].model_validate(QUICK_SETTINGS.get(self.name, {})), known)

    def fit(self, train: Part, val: Part, folder: Path, progress: Progress = silent) -> Any:
        """Return the model, fitted to a training part: a detector to its normal images alone."""
        settings = tuple(self.quick(part) for part in self.line.settings)
        around = contract.FitContext(folder, ignore_epoch, progress, self._parts(settings, train, val, folder))
        return self.line.fit(contract.Part(*train), contract.Part(*val), settings, around)

    def _parts(self, settings: Any, train: Part, val: Part, folder: Path) -> dict[str, tuple[Any, int, int]]:
        """Return the fitted parts of an ensemble: some single models, which all see the same."""
        names = self.line.parts(settings[0]) if self.line.parts else ()
        side = train[0].shape[-1]
        return {name: (ModelKind(name).fit(train, val, folder / name), 0, side) for name in names}

    def load(self, folder: Path) -> Any:
        """Return the model that was saved in a folder."""
        return load_model(self.name, folder)


MODELS = {name: ModelKind(name) for name in table.MODELS}
