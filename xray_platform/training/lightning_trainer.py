"""Lightning trainer: hand a network and its data to Lightning and take the best epoch back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
from lightning.pytorch.callbacks import Callback, EarlyStopping
from torch import nn
from torch.utils.data import DataLoader, Dataset

from xray_platform.image_stack import ImageSource, Labels
from xray_platform.progress import Progress
from xray_platform.training.batches import ReadAhead, training_batches, validation_batches
from xray_platform.training.checkpoints import AtomicCheckpointIO, BestWeightsCallback
from xray_platform.training.device import backend_of, training_device
from xray_platform.training.epoch_callback import OnEpoch
from xray_platform.training.lightning_module import LightningClassifier, class_weights
from xray_platform.training.precision import precision
from xray_platform.training.training_module import MONITOR, TrainingModule
from xray_platform.training.training_settings import TrainingSettings
from xray_platform.training.world import ALONE, World
from xray_platform.training.world_environment import strategy


@dataclass(frozen=True)
class FitResult:
    """What came out: the network of the best epoch, the metrics of every epoch, and which (from 0) was the best."""

    module: nn.Module
    history: tuple[dict[str, float], ...]
    best_epoch: int


@dataclass(frozen=True)
class Loop:
    """How long a training goes on, in which arithmetic, where, and whose weights are kept.

    `patience` are the epochs without a better `MONITOR` before it stops; `keep_last` keeps the weights of the last
    epoch in place of the best one.
    """

    epochs: int
    patience: int
    keep_last: bool
    gradient_clip_norm: float
    precision: str
    device: str
    some_frozen: bool = False


def fit_with_lightning(
    network: nn.Module,
    settings: TrainingSettings,
    train: tuple[ImageSource, Labels],
    val: tuple[ImageSource, Labels],
    folder: Path,
    progress: Progress,
    on_epoch: OnEpoch,
    world: World = ALONE,
) -> FitResult:
    """Train `network`, or resume from the checkpoint in `folder`, and return the best epoch, on the CPU.

    A checkpoint is read with torch's `weights_only`, which runs no code that a file might hold.
    """
    balanced = settings.class_weights == "sampled"
    batches = training_batches(
        *train,
        settings.batch_size,
        settings.seed,
        balanced=balanced,
        threads=settings.num_workers,
        world=world,
        columns=settings.columns,
    )
    module = LightningClassifier(network, settings, class_weights(train[1], settings), batches, world)
    validation = validation_batches(
        *val, settings.scoring_batch_size, threads=settings.num_workers, world=world, columns=settings.columns
    )
    loop = Loop(
        settings.epochs, settings.patience, settings.kept_epoch == "last", settings.gradient_clip_norm,
        settings.precision, settings.device, settings.frozen_groups > 0,
    )  # fmt: skip
    return fit_module(module, batches, validation, loop, folder, progress, on_epoch, world)


def fit_module(
    module: TrainingModule,
    batches: ReadAhead,
    validation: ReadAhead,
    loop: Loop,
    folder: Path,
    progress: Progress,
    on_epoch: OnEpoch,
    world: World = ALONE,
) -> FitResult:
    """Train `module`, or resume from the checkpoint in `folder`, and return its network with the weights to be kept."""
    best_weights_callback = BestWeightsCallback(folder, progress, on_epoch, keep_last=loop.keep_last)
    stop = EarlyStopping(MONITOR, mode="max", patience=loop.patience, check_on_train_epoch_end=True)
    accelerator = "gpu" if training_device(loop.device).type == "cuda" else "cpu"
    _trainer(
        accelerator=accelerator,
        precision=precision(loop.precision, on_gpu=accelerator == "gpu"),
        max_epochs=loop.epochs,
        gradient_clip_val=loop.gradient_clip_norm or None,
        callbacks=[stop, best_weights_callback],
        plugins=[AtomicCheckpointIO()],
        devices=world.devices,
        num_nodes=world.size // world.devices,
        strategy=strategy(world, backend_of(loop.device), some_frozen=loop.some_frozen),
        use_distributed_sampler=False,
        default_root_dir=folder,
    ).fit(
        module,
        batches,
        validation,
        ckpt_path=best_weights_callback.file if best_weights_callback.file.exists() else None,
        weights_only=True,
    )
    network = module.network.cpu()
    network.load_state_dict(best_weights_callback.best_weights)
    return FitResult(network, tuple(best_weights_callback.history), best_weights_callback.best_epoch)


def train_steps(module: TrainingModule, batches: Dataset[Any], tell: Callable[[int, int], None]) -> None:
    """Train `module` once through `batches`, in their order, on this process's CPU threads; `tell` gets step and steps.

    There is no validation and no checkpoint; the gradient's norm is limited to 1.
    """
    _trainer(
        accelerator="cpu",
        max_epochs=1,
        gradient_clip_val=1.0,
        callbacks=[_StepProgress(tell)],
        enable_checkpointing=False,
    ).fit(module, DataLoader(batches, batch_size=None, shuffle=False))


class _StepProgress(Callback):
    """Tells after each step how many are done."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self.tell = tell

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        self.tell(trainer.global_step, int(trainer.estimated_stepping_batches))


def _trainer(**chosen: Any) -> lightning.Trainer:
    """Return a trainer, of one device unless told otherwise, that writes nothing of its own."""
    return lightning.Trainer(
        **{"devices": 1, **chosen},
        num_sanity_val_steps=0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
