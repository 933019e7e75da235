"""Training settings: how the restorer is trained, flat."""

from pydantic import Field

from xray_platform.settings import Settings

LEAST = 16  # images below which nothing can be learnt


class RestorerTrainingSettings(Settings):
    """How the restorer learns."""

    width: int = Field(32, ge=8, le=128, multiple_of=8, description="channels of the network's first stage")
    images: int = Field(3000, ge=LEAST, le=100_000, description="images to train on, drawn at random")
    side: int = Field(224, ge=64, le=1024, description="side of an example's picture, in pixels")
    crop: int = Field(112, ge=32, le=512, multiple_of=8, description="side of the crops it is trained on, in pixels")
    batch_size: int = Field(8, ge=1, le=256, description="crops a step")
    steps: int = Field(11_000, ge=1, le=200_000, description="steps of AdamW")
    learning_rate: float = Field(
        1.5e-3, gt=0, le=0.1, description="greatest learning rate; it falls along half a cosine"
    )
    ssim_weight: float = Field(0.8, ge=0, le=1, description="weight of structural similarity beside the mean error")
    seed: int = Field(0, ge=0, description="of the examples, the crops and the first weights")
