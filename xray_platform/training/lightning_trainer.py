"""Engine: hand a network and its data to Lightning and take the best pass back."""

from dataclasses import dataclass
from pathlib import Path

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from torch import nn

from xray_platform.image_stack import Pictures, Truth
from xray_platform.progress import Progress
from xray_platform.training.batches import training_batches, validation_batches
from xray_platform.training.checkpoints import Keeper, WholeFiles
from xray_platform.training.epoch_callback import OnEpoch
from xray_platform.training.lightning_module import MERIT, Learner
from xray_platform.training.precision import precision
from xray_platform.training.training_settings import TrainingSettings

VALIDATION_BATCH = 64


@dataclass(frozen=True)
class Ran:
    """What came out: the network of the best pass, the metrics of every pass, and which pass (from 0) was the best."""

    module: nn.Module
    history: tuple[dict[str, float], ...]
    best_epoch: int


def run_engine(
    network: nn.Module,
    settings: TrainingSettings,
    train: tuple[Pictures, Truth],
    val: tuple[Pictures, Truth],
    folder: Path,
    progress: Progress,
    on_epoch: OnEpoch,
) -> Ran:
    """Teach `network`, or go on where the checkpoint in `folder` ends, and return the best pass, on the CPU.

    A checkpoint is read with torch's `weights_only`, which runs no code that a file might hold.
    """
    learner = Learner(network, settings, normals_per_abnormal=float((~train[1]).sum() / train[1].sum()))
    keeper = Keeper(folder, progress, on_epoch)
    stop = EarlyStopping(MERIT, mode="max", patience=settings.patience, check_on_train_epoch_end=True)
    _trainer(settings, folder, [stop, keeper]).fit(
        learner,
        training_batches(*train, settings.batch_size, settings.seed),
        validation_batches(*val, VALIDATION_BATCH),
        ckpt_path=keeper.file if keeper.file.exists() else None,
        weights_only=True,
    )
    network.cpu().load_state_dict(keeper.best_weights)
    return Ran(network, tuple(keeper.history), keeper.best_epoch)


def _trainer(settings: TrainingSettings, folder: Path, callbacks: list[Callback]) -> lightning.Trainer:
    accelerator = "gpu" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"
    return lightning.Trainer(
        accelerator=accelerator,
        devices=1,
        precision=precision(settings.precision, on_gpu=accelerator == "gpu"),
        max_epochs=settings.epochs,
        gradient_clip_val=settings.clip or None,
        callbacks=callbacks,
        plugins=[WholeFiles()],
        default_root_dir=folder,
        num_sanity_val_steps=0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
