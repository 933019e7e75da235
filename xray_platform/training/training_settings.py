"""Training settings: everything about one fit, flat."""

from typing import Literal

from pydantic import Field

from xray_platform.training.augmentation_settings import AugmentationSettings
from xray_platform.training.clinical_settings import ClinicalSettings
from xray_platform.training.read_ahead import DEFAULT_NUM_WORKERS
from xray_platform.training.test_time_views import MOST_VIEWS
from xray_platform.training.transfer_settings import TransferSettings


class TrainingSettings(ClinicalSettings, TransferSettings, AugmentationSettings):
    """How a network learns: how long, how fast, from what changes, and when it stops."""

    target: Literal["abnormal", "label", "findings"] = Field(
        "abnormal",
        description="what it learns: abnormal or not; the label, one class a picture (softmax); or each finding for "
        "itself (sigmoids)",
    )
    epochs: int = Field(12, ge=1, le=1000, description="greatest number of epochs")
    patience: int = Field(12, ge=1, le=1000, description="epochs without a better validation AUROC before it stops")
    kept_epoch: Literal["best", "last"] = Field(
        "last",
        description="whose weights are kept: those of the epoch with the best validation AUROC, or the last ones",
    )
    batch_size: int = Field(32, ge=2, le=1024, description="pictures a step")
    scoring_batch_size: int = Field(
        64, ge=1, le=4096, description="pictures at once in validation, scoring and heat maps; bounds the memory"
    )
    test_time_views: int = Field(
        1,
        ge=1,
        le=MOST_VIEWS,
        description="slightly scaled and moved copies of an image, itself among them, whose outputs are averaged when "
        "it is scored (test-time augmentation); 1: the image alone, and as many times faster",
    )
    members: int = Field(
        1,
        ge=1,
        le=20,
        description="networks that are trained one after another from the same images, with this seed and the next "
        "ones, and averaged; how far they go apart is a measure of uncertainty; 1: one network, and as many times "
        "faster",
    )
    dropout_passes: int = Field(
        16,
        ge=0,
        le=1000,
        description="times that a test image is scored with other features left out (Monte Carlo dropout), to measure "
        "uncertainty; only the last layer is computed anew; 0: not measured",
    )
    heatmap: Literal["grad_cam", "grad_cam_plus_plus", "occlusion", "attention"] = Field(
        "grad_cam",
        description="how its heat maps are made; occlusion takes some two hundred times as long, attention is there "
        "for attention_cnn with attention cbam alone",
    )
    optimizer: Literal["adamw", "sgd", "rmsprop"] = Field(
        "adamw", description="how a gradient becomes a step; sgd and rmsprop have a momentum of 0.9"
    )
    learning_rate: float = Field(3e-3, gt=0, le=1, description="greatest step of the optimiser")
    schedule: Literal["cosine", "one_cycle", "step", "plateau"] = Field(
        "one_cycle",
        description="how the learning rate changes after the warm-up: cosine falls to a hundredth along half a cosine; "
        "one_cycle rises along one, too, and falls to nothing; step falls to a tenth after 1/2 and again after 3/4 of "
        "the steps; plateau falls to a third after 2 epochs without a better validation AUROC",
    )
    warmup: float = Field(0.2, ge=0, lt=1, description="share of all steps in which the learning rate rises to its top")
    weight_decay: float = Field(0.05, ge=0, le=1, description="decay of the weights, as AdamW means it")
    loss: Literal["cross_entropy", "focal", "asymmetric"] = Field(
        "cross_entropy",
        description="what is made small: cross-entropy; focal: sure pictures count less; asymmetric: a missed finding "
        "costs more than a false alarm",
    )
    focal_gamma: float = Field(2.0, ge=0, le=10, description="how much less sure pictures count in the focal loss")
    miss_cost: float = Field(
        3.0, gt=0, le=100, description="how many false alarms a missed finding costs in the asymmetric loss"
    )
    label_smoothing: float = Field(0.05, ge=0, lt=0.5, description="how far the target of a picture is from 0 or 1")
    mixup: float = Field(
        0.0,
        ge=0,
        le=10,
        description="both parameters of the beta distribution by which two pictures are mixed; 0: never",
    )
    class_weights: Literal["balanced", "sampled", "none"] = Field(
        "balanced",
        description="balanced: both classes weigh the same in the loss; sampled: both are drawn equally often; none: "
        "each picture weighs the same",
    )
    ema_decay: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="decay of the moving average of the weights that is validated and kept; 0: no average",
    )
    gradient_clip_norm: float = Field(1.0, ge=0, description="greatest norm of a step's gradient; 0: no limit")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="arithmetic of the convolutions; auto: bfloat16 on a GPU"
    )
    device: Literal["auto", "cpu", "gpu"] = Field(
        "auto", description="where it learns, scores and is explained; auto: a GPU where there is one"
    )
    devices: int = Field(
        1,
        ge=1,
        le=64,
        description="processes on a machine that learn one network together (Lightning's DDP), each on a GPU or, "
        "without any, on the processor; each takes its share of every batch and has batch norms of its own",
    )
    nodes: int = Field(
        1,
        ge=1,
        le=64,
        description="machines that learn one network together, each with as many `devices`; a launcher such as "
        "torchrun must run the same program on each",
    )
    num_workers: int = Field(
        DEFAULT_NUM_WORKERS,
        ge=0,
        le=64,
        description="threads that read and decode ahead, each a batch, in learning, scoring and heat maps; 0: none, a "
        "batch is read when its turn comes; the result is the same",
    )
    threads: int = Field(
        0,
        ge=0,
        le=256,
        description="processor threads of each process while learning; 0: all cores, divided among `devices`",
    )
    seed: int = Field(0, ge=0, lt=2**31, description="the same seed on the same machine gives the same network")
