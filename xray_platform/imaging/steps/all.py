"""All steps a recipe can be made of: one line a step."""

from typing import Annotated, get_args

from pydantic import Field

from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.window import WindowSettings

AnyStep = Annotated[WindowSettings | ResizeSettings, Field(discriminator="kind")]
STEPS: dict[str, type[StepSettings]] = {
    step.model_fields["kind"].default: step for step in get_args(get_args(AnyStep)[0])
}
