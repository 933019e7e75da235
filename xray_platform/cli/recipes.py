"""`xray recipes`: which recipes there are, and which steps one of your own can be made of."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xray_platform.cli.screen import OUT, show
from xray_platform.cli.session import places

if TYPE_CHECKING:
    from xray_platform.imaging.step import StepSettings

BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def recipes(
    steps: Annotated[bool, typer.Option("--steps", help="show the steps instead, with their settings")] = False,
) -> None:
    """Show the ways to prepare images that can be chosen by name, those in the store's recipes/NAME.yaml among them.

    A wrong file there is refused with its line. `--steps` shows what a recipe of your own can be made of.
    """
    # OpenCV takes a second to import
    from xray_platform.imaging.recipes import RECIPES, known_recipes
    from xray_platform.imaging.steps.all import STEPS

    if steps:
        for kind, step in STEPS.items():
            OUT.print(f"{kind}: {step().describe()}; {step().states()}", soft_wrap=True, markup=False)
            for line in _settings(step):
                OUT.print(f"    {line}", soft_wrap=True, markup=False)
        return
    store = places()
    rows = [
        [name, "platform" if name in RECIPES else f"recipes/{name}.yaml", named.description, _steps(named.steps)]
        for name, named in known_recipes(store).items()
    ]
    show("Recipes", ["name", "from", "why", "steps"], rows)


def _steps(steps: "tuple[StepSettings, ...]") -> str:
    return ", ".join(str(step.model_dump()["kind"]) for step in steps)


def _settings(step: "type[StepSettings]") -> list[str]:
    """Return a line a setting: its name, its default, what it is and what is allowed."""
    fields: dict[str, dict[str, Any]] = step.model_json_schema()["properties"]
    return [
        f"{name}: {json.dumps(field['default'])}  # {field['description']}{_allowed(field)}"
        for name, field in fields.items()
        if name != "kind"
    ]


def _allowed(field: dict[str, Any]) -> str:
    bounds = ", ".join(f"{sign} {field[bound]:g}" for bound, sign in BOUNDS.items() if bound in field)
    return f" ({bounds})" if bounds else ""
