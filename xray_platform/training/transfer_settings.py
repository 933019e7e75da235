"""Transfer settings, without torch: with which weights a network begins, and which of its layers learn how fast."""

from pydantic import Field

from xray_platform.settings import Settings


class TransferSettings(Settings):
    """What a network brings along from another training, and what of it may change."""

    weights: str = Field(
        "",
        pattern=r"^$|^imagenet$|^models:/[^/@#]+(/\d+|@[^/@#]+)$|^.+#sha256=[0-9a-f]{64}$",
        description="weights to begin with: FILE#sha256=DIGEST, a safetensors file such as the `weights.safetensors` "
        "of a trained model, and the SHA-256 that it must have; models:/NAME/VERSION or models:/NAME@ALIAS: those of a "
        "model registered in MLflow; imagenet: published ones of a network of the published width, fetched once; "
        "empty: by chance, from the seed",
    )
    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        description="learning rate of a group of layers as a share of that of the group after it; the last one, the "
        "classifier, learns at `learning_rate`",
    )
    frozen_groups: int = Field(
        0, ge=0, le=100, description="groups of layers, from the input on, that keep the weights they begin with"
    )
    unfreeze_epochs: int = Field(
        0, ge=0, le=1000, description="after so many epochs each, one more frozen group learns, the last first; 0: none"
    )
