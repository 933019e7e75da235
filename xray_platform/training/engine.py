"""Engine: hand a network and its data to Lightning and take the best pass back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from torch import nn

from xray_platform.progress import Progress
from xray_platform.training.batches import training_batches, validation_batches
from xray_platform.training.learner import Learner
from xray_platform.training.pictures import Pictures, Truth
from xray_platform.training.precision import precision
from xray_platform.training.training_settings import TrainingSettings

WATCHED = "val_merit"
LAST = "last.ckpt"
VALIDATION_BATCH = 64


@dataclass(frozen=True)
class Ran:
    """What came out: the network of the best pass, the metrics of every pass, and which pass (from 0) was the best."""

    module: nn.Module
    history: tuple[dict[str, float], ...]
    best_epoch: int


class Watch(Callback):
    """Tells `progress` of each step and `on_epoch` of each pass, and keeps the history through a restart."""

    def __init__(self, progress: Progress, on_epoch: Callable[[int, dict[str, float]], None]) -> None:
        self.progress, self.on_epoch = progress, on_epoch
        self.history: list[dict[str, float]] = []

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Say how far it is."""
        total, epochs = int(trainer.estimated_stepping_batches), trainer.max_epochs
        self.progress(trainer.global_step, total, f"learning: pass {trainer.current_epoch + 1} of {epochs}")

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Keep the metrics of the pass and hand them on."""
        metrics = dict(pl_module.metrics)  # type: ignore[arg-type]
        self.history.append(metrics)
        self.on_epoch(trainer.current_epoch, metrics)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"history": self.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take back what a checkpoint kept."""
        self.history = list(state_dict["history"])


def run_engine(
    network: nn.Module,
    settings: TrainingSettings,
    train: tuple[Pictures, Truth],
    val: tuple[Pictures, Truth],
    folder: Path,
    progress: Progress,
    on_epoch: Callable[[int, dict[str, float]], None],
) -> Ran:
    """Teach `network`, or go on where the checkpoints in `folder` end, and return the best pass.

    Checkpoints are read with torch's `weights_only`, which runs no code that a file might hold.
    """
    learner = Learner(network, settings, normals_per_abnormal=float((~train[1]).sum() / train[1].sum()))
    watch = Watch(progress, on_epoch)
    keep = ModelCheckpoint(
        folder, monitor=WATCHED, mode="max", save_top_k=1, save_last=True, filename="best-{epoch}",
        save_on_train_epoch_end=True, enable_version_counter=False,
    )  # fmt: skip
    stop = EarlyStopping(WATCHED, mode="max", patience=settings.patience, check_on_train_epoch_end=True)
    last = folder / LAST
    _trainer(settings, folder, [watch, stop, keep]).fit(
        learner,
        training_batches(*train, settings.batch_size, settings.seed),
        validation_batches(*val, VALIDATION_BATCH),
        ckpt_path=last if last.exists() else None,
        weights_only=True,
    )
    return _best(network, Path(keep.best_model_path), watch)


def _trainer(settings: TrainingSettings, folder: Path, callbacks: list[Callback]) -> lightning.Trainer:
    accelerator = "gpu" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"
    return lightning.Trainer(
        accelerator=accelerator,
        devices=1,
        precision=precision(settings.precision, on_gpu=accelerator == "gpu"),
        max_epochs=settings.epochs,
        gradient_clip_val=settings.clip or None,
        callbacks=callbacks,
        default_root_dir=folder,
        num_sanity_val_steps=0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _best(network: nn.Module, checkpoint: Path, watch: Watch) -> Ran:
    """Return the network with the weights of the best pass, on the CPU."""
    kept = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state: dict[str, torch.Tensor] = kept["state_dict"]
    judged = "averaged.module." if any(name.startswith("averaged.") for name in state) else "network."
    weights = {name.removeprefix(judged): value for name, value in state.items() if name.startswith(judged)}
    network.cpu().load_state_dict(weights)
    return Ran(network, tuple(watch.history), int(kept["epoch"]))
