"""Checkpoints: one file from which training resumes after a kill; it holds the best epoch too, so both always agree."""

from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import Checkpoint

from xray_platform.atomic import atomic_path
from xray_platform.progress import Progress
from xray_platform.training.epoch_callback import OnEpoch
from xray_platform.training.training_module import MONITOR, TrainingModule

LAST = "last.ckpt"


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its place and then renames it; Lightning's own way goes through another folder."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:  # noqa: ARG002
        """Write a checkpoint that is either whole or not there. Raises StoreError where the disk does not take it."""
        with atomic_path(Path(path)) as temporary:
            torch.save(checkpoint, temporary)


class BestWeightsCallback(Checkpoint):
    """Keeps the metrics of every epoch and the weights of the best, or of the last; writes a checkpoint after each."""

    def __init__(self, folder: Path, progress: Progress, on_epoch: OnEpoch, *, keep_last: bool = False) -> None:
        self.file, self.keep_last = folder / LAST, keep_last
        self.progress, self.on_epoch = progress, on_epoch
        self.history: list[dict[str, float]] = []
        self.best_epoch, self.best_monitored = -1, -float("inf")
        self.best_weights: dict[str, torch.Tensor] = {}

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Say how far it is."""
        total, epochs = int(trainer.estimated_stepping_batches), trainer.max_epochs
        self.progress(trainer.global_step, total, f"training: epoch {trainer.current_epoch + 1} of {epochs}")

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Keep the metrics of the epoch, and its weights if they are to be kept, and write the checkpoint."""
        module: TrainingModule = pl_module  # type: ignore[assignment]
        self.history.append(module.metrics)
        monitored = float(trainer.callback_metrics[MONITOR])
        if self.keep_last or monitored > self.best_monitored:
            weights = module.evaluated_network.state_dict()
            self.best_weights = {name: value.detach().cpu().clone() for name, value in weights.items()}
            self.best_epoch, self.best_monitored = trainer.current_epoch, monitored
        self.on_epoch(trainer.current_epoch, dict(module.metrics))
        trainer.save_checkpoint(self.file)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {name: getattr(self, name) for name in ("history", "best_epoch", "best_monitored", "best_weights")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take back what a checkpoint kept."""
        for name, value in state_dict.items():
            setattr(self, name, value)
