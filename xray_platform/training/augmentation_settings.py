"""Augmentation settings, without torch, which takes seconds to import: whoever shows settings needs none."""

from pydantic import Field

from xray_platform.settings import Settings


class AugmentationSettings(Settings):
    """How far a training picture may be changed; 0 leaves that property alone."""

    rotation_degrees: float = Field(7.0, ge=0, le=45, description="greatest rotation either way, in degrees")
    shift: float = Field(0.05, ge=0, le=0.5, description="greatest shift along each axis, as a share of the side")
    scale: float = Field(0.1, ge=0, le=0.5, description="greatest enlargement or reduction, as a share")
    stretch: float = Field(0.1, ge=0, le=0.5, description="greatest stretch of height against width, as a share")
    brightness: float = Field(0.1, ge=0, le=0.5, description="greatest value added or taken away, of a range of 1")
    contrast: float = Field(0.2, ge=0, le=0.9, description="greatest change of contrast about the mean, as a share")
    gamma: float = Field(
        0.0, ge=0, le=3, description="greatest change of the tone curve's exponent, as a share: 0.5 is 1/1.5 to 1.5"
    )
    sharpness: float = Field(
        0.0,
        ge=0,
        le=1,
        description="greatest change of the finest details, as a share: 1 takes them away or doubles them",
    )
    blur: float = Field(0.0, ge=0, le=1, description="share of the pictures brought to half their resolution and back")
    noise: float = Field(0.02, ge=0, le=0.5, description="greatest standard deviation of the noise, of a range of 1")
    erase: float = Field(
        0.0, ge=0, le=0.5, description="greatest side of a rectangle painted with the mean grey, as a share of the side"
    )
