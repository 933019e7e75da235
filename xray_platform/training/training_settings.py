"""Training settings: everything about one fit, flat."""

from typing import Literal

from pydantic import Field

from xray_platform.training.augmentation_settings import AugmentationSettings


class TrainingSettings(AugmentationSettings):
    """How a network learns: how long, how fast, from what changes, and when it stops."""

    target: Literal["abnormal", "label", "findings"] = Field(
        "abnormal",
        description="what it learns: abnormal or not; the label, one class a picture (softmax); or each finding for "
        "itself (sigmoids)",
    )
    epochs: int = Field(10, ge=1, le=1000, description="greatest number of epochs")
    patience: int = Field(4, ge=1, le=1000, description="epochs without a better validation AUROC before it stops")
    batch_size: int = Field(32, ge=2, le=1024, description="pictures a step")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="greatest step of AdamW, reached after the warm-up")
    warmup: float = Field(0.1, ge=0, lt=1, description="share of all steps in which the learning rate rises to its top")
    weight_decay: float = Field(0.02, ge=0, le=1, description="decay of the weights, as AdamW means it")
    label_smoothing: float = Field(0.05, ge=0, lt=0.5, description="how far the target of a picture is from 0 or 1")
    class_weights: Literal["balanced", "none"] = Field(
        "balanced", description="balanced: both classes weigh the same in the loss; none: each picture weighs the same"
    )
    ema_decay: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="decay of the moving average of the weights that is validated and kept; 0: no average",
    )
    gradient_clip_norm: float = Field(1.0, ge=0, description="greatest norm of a step's gradient; 0: no limit")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="arithmetic of the convolutions; auto: bfloat16 where the processor computes in it"
    )
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="where it learns; auto: a GPU where there is one")
    threads: int = Field(0, ge=0, le=256, description="processor threads while learning; 0: as many as cores")
    seed: int = Field(0, ge=0, lt=2**31, description="the same seed on the same machine gives the same network")
