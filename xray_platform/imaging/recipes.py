"""Recipes by name: ways to prepare a picture that are worth comparing; a new one is one line in the table."""

from dataclasses import dataclass

from xray_platform.errors import InputError
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.clahe import ClaheSettings
from xray_platform.imaging.steps.collimation import CollimationSettings
from xray_platform.imaging.steps.denoise import MedianSettings
from xray_platform.imaging.steps.imagenet import ImagenetSettings
from xray_platform.imaging.steps.lungs import LungsSettings
from xray_platform.imaging.steps.quantise import QuantiseSettings
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.rotate import StraightenSettings
from xray_platform.imaging.steps.standard_score import PictureScoreSettings
from xray_platform.imaging.steps.tone import EqualiseSettings
from xray_platform.imaging.steps.window import WindowSettings


@dataclass(frozen=True)
class NamedRecipe:
    """One line of the table: what comes before and after the resize to the asked side, and why one would want it."""

    name: str
    description: str
    before: tuple[StepSettings, ...] = (WindowSettings(),)
    after: tuple[StepSettings, ...] = ()

    def recipe(self, side: int) -> Recipe:
        """Return the recipe for pictures of side x side pixels."""
        steps = (*self.before, ResizeSettings(rows=side, columns=side), *self.after)
        return Recipe.model_validate({"steps": [step.model_dump() for step in steps]})


_CROP = (CollimationSettings(), StraightenSettings(), LungsSettings())
_TABLE = (
    NamedRecipe("default", "percentile window and resize: the grey values as they are"),
    NamedRecipe("clahe", "local contrast evened out after the resize", after=(ClaheSettings(),)),
    NamedRecipe(
        "equalised", "all grey levels equally frequent: no scanner's tone curve is left", after=(EqualiseSettings(),)
    ),
    NamedRecipe("eight_bits", "256 grey levels only, to see what 8 bits cost", after=(QuantiseSettings(bits=8),)),
    NamedRecipe(
        "denoised", "single wrong pixels removed before the resize", before=(WindowSettings(), MedianSettings())
    ),
    NamedRecipe(
        "lungs", "borders off, turned upright, cropped to the lungs", before=(*_CROP, WindowSettings(use_given=False))
    ),
    NamedRecipe("scores", "mean 0 and deviation 1 in each picture", after=(PictureScoreSettings(),)),
    NamedRecipe(
        "imagenet", "three channels with ImageNet's statistics, for pretrained networks", after=(ImagenetSettings(),)
    ),
)
RECIPES: dict[str, NamedRecipe] = {named.name: named for named in _TABLE}


def named_recipe(name: str, side: int = 128) -> Recipe:
    """Return a recipe of the table; raises InputError naming all where there is none of this name."""
    if name not in RECIPES:
        raise InputError(f"no recipe is called {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name].recipe(side)
