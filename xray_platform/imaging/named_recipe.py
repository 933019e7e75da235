"""Named recipe: steps under a name, for pictures of any side that is asked for."""

from dataclasses import dataclass

from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.resize import ResizeSettings

SIZE = {"rows", "columns"}


@dataclass(frozen=True)
class NamedRecipe:
    """What a recipe is called, why one would want it, and its steps.

    A step `resize` that was not given rows or columns of its own takes the side that is asked for.
    """

    name: str
    description: str
    steps: tuple[StepSettings, ...]

    def recipe(self, side: int) -> Recipe:
        """Return the recipe for pictures of side x side pixels."""
        return Recipe.model_validate({"steps": [_sized(step, side).model_dump() for step in self.steps]})


def _sized(step: StepSettings, side: int) -> StepSettings:
    if isinstance(step, ResizeSettings) and not SIZE & step.model_fields_set:
        return step.model_copy(update=dict.fromkeys(SIZE, side))
    return step
