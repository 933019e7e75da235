"""Normals settings: how a network learns from normal images alone; without torch, which takes seconds to import."""

from typing import Literal

from pydantic import Field

from xray_platform.settings import Settings


class NormalsTrainingSettings(Settings):
    """How long, how fast and from how many normal pictures a network learns that never sees an abnormal one."""

    epochs: int = Field(60, ge=1, le=2000, description="times that it sees each normal picture")
    batch_size: int = Field(32, ge=2, le=1024, description="pictures a step")
    learning_rate: float = Field(3e-3, gt=0, le=1, description="greatest step of AdamW; rises and falls along cosines")
    pictures: int = Field(
        4000, ge=3, le=100_000, description="greatest number of normal pictures that it learns from; bounds the time"
    )
    members: int = Field(
        1,
        ge=1,
        le=20,
        description="networks of seeds that follow one another, whose maps are averaged; as many times the time",
    )
    play: float = Field(
        0.05,
        ge=0,
        le=0.3,
        description="greatest enlargement and stretch of a picture each time that it is seen, as a share; it moves by "
        "half of it",
    )
    precision: Literal["auto", "bfloat16", "float32"] = Field(
        "auto", description="arithmetic of the convolutions while it learns; auto: bfloat16 on a GPU"
    )
    threads: int = Field(0, ge=0, le=256, description="processor threads while learning; 0: as many as cores")
    seed: int = Field(0, ge=0, lt=2**31, description="seed of sample, first weights, order and changes of the pictures")
