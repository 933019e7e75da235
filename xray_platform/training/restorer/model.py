"""Trained restorer: a frozen network that turns posterior maps into grey levels, saved in two small files."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from xray_platform.errors import StoreError
from xray_platform.networks.restorer import Restorer, RestorerSettings

WEIGHTS, CARD = "restorer.safetensors", "restorer.json"


@dataclass(frozen=True, eq=False)
class TrainedRestorer:
    """A restorer that exists is trained."""

    settings: RestorerSettings
    network: Restorer = field(repr=False)
    loss: float
    """Mean loss of its last 200 steps."""

    def __post_init__(self) -> None:
        self.network.eval().requires_grad_(requires_grad=False)

    def __call__(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return grey levels (r, c; 0 to 255) for evidence maps (8, r, c; 0 to 1)."""
        with torch.inference_mode():
            grey = self.network(torch.from_numpy(np.ascontiguousarray(maps))[None])[0, 0].numpy()
        return np.asarray(np.clip(grey, 0, 1) * 255, np.float32)

    def describe(self) -> str:
        """Say in words what it is."""
        count = sum(weights.numel() for weights in self.network.parameters())
        return f"a U-Net of {count:,} weights, trained on simulated damage to see the level behind the evidence"

    def save(self, folder: Path) -> None:
        """Write the weights (16-bit floats) and the settings into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: value.to(torch.float16).contiguous() for name, value in self.network.state_dict().items()}
        save_file(weights, folder / WEIGHTS)
        card = {"settings": self.settings.model_dump(), "loss": self.loss}
        (folder / CARD).write_text(json.dumps(card, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the restorer saved in a folder. Raises StoreError where it is missing, damaged or of another form."""
        try:
            card = json.loads((folder / CARD).read_text())
            settings = RestorerSettings(**card["settings"])
            network = Restorer(settings)
            network.load_state_dict({name: value.float() for name, value in load_file(folder / WEIGHTS).items()})
            return cls(settings, network, float(card["loss"]))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise StoreError(f"{folder} holds no restorer that can be read: {type(error).__name__}") from error
