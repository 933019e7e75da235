"""All steps a recipe can be made of: one line a step."""

from typing import Annotated, get_args

from pydantic import Field

from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.border import BorderSettings
from xray_platform.imaging.steps.clahe import ClaheSettings
from xray_platform.imaging.steps.collimation import CollimationSettings
from xray_platform.imaging.steps.denoise import (
    BilateralSettings,
    GaussianSettings,
    MedianSettings,
    NonLocalMeansSettings,
)
from xray_platform.imaging.steps.imagenet import ImagenetSettings
from xray_platform.imaging.steps.lungs import LungsSettings
from xray_platform.imaging.steps.min_max import MinMaxSettings
from xray_platform.imaging.steps.quantise import QuantiseSettings
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.rotate import RotateSettings, StraightenSettings
from xray_platform.imaging.steps.scale import ByteSettings, UnitSettings
from xray_platform.imaging.steps.standard_score import NormalScoreSettings, PictureScoreSettings
from xray_platform.imaging.steps.tone import EqualiseSettings, GammaSettings, LinearSettings
from xray_platform.imaging.steps.window import WindowSettings

AnyStep = Annotated[
    WindowSettings
    | MinMaxSettings
    | QuantiseSettings
    | UnitSettings
    | ByteSettings
    | PictureScoreSettings
    | NormalScoreSettings
    | ImagenetSettings
    | CollimationSettings
    | BorderSettings
    | RotateSettings
    | StraightenSettings
    | LungsSettings
    | ResizeSettings
    | GaussianSettings
    | MedianSettings
    | NonLocalMeansSettings
    | BilateralSettings
    | LinearSettings
    | GammaSettings
    | EqualiseSettings
    | ClaheSettings,
    Field(discriminator="kind"),
]
STEPS: dict[str, type[StepSettings]] = {
    step.model_fields["kind"].default: step for step in get_args(get_args(AnyStep)[0])
}
