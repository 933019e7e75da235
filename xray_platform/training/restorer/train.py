"""Train: the small U-Net that restores pictures in false colours, on simulated damage."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from xray_platform.errors import DataError
from xray_platform.networks.restorer import Restorer, RestorerSettings
from xray_platform.progress import Progress, silent
from xray_platform.training.quiet import quiet
from xray_platform.training.restorer.dataset import RestorerDataset, make_dataset
from xray_platform.training.restorer.model import TrainedRestorer
from xray_platform.training.restorer.training_settings import LEAST, RestorerTrainingSettings


def train_restorer(
    files: Sequence[Path], settings: RestorerTrainingSettings = RestorerTrainingSettings(), progress: Progress = silent
) -> TrainedRestorer:
    """Return a restorer trained on clean pictures, damaged at random. Raises DataError for fewer than 16 pictures."""
    if len(files) < LEAST:
        raise DataError(f"{len(files)} pictures to train on; allowed are {LEAST} or more")
    return fit_restorer(make_dataset(files, settings.side, settings.seed, progress), settings, progress)


def fit_restorer(
    examples: RestorerDataset, settings: RestorerTrainingSettings, progress: Progress = silent
) -> TrainedRestorer:
    """Return a restorer trained on these examples with AdamW: the moving average of its weights."""
    # Lightning takes four seconds to import
    from xray_platform.training.lightning_trainer import train_steps
    from xray_platform.training.restorer.lightning_module import CropBatches, LightningRestorer

    chosen = RestorerSettings(width=settings.width)
    with quiet(), torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        network = Restorer(chosen).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        module = LightningRestorer(network, settings)

        def tell(step: int, steps: int) -> None:
            progress(step, steps, f"training the restorer, loss {np.mean(module.losses[-100:]):.4f}")

        train_steps(module, CropBatches(examples, settings), tell)
    network.load_state_dict(module.evaluated_network.state_dict())
    return TrainedRestorer(chosen, network, float(np.mean(module.losses[-200:])))
