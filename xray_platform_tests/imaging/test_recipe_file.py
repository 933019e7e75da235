"""A recipe that a user writes: what is right is read as it stands, what is wrong is told with line, step and field."""

from pathlib import Path

import pytest

from xray_platform.errors import InputError, StoreError
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.recipe_file import read_recipe_file
from xray_platform.imaging.recipes import RECIPES, known_recipes, named_recipe
from xray_platform.imaging.steps.all import STEPS
from xray_platform.imaging.steps.clahe import ClaheSettings
from xray_platform.imaging.steps.collimation import CollimationSettings
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.window import WindowSettings
from xray_platform.tables.places import Places

GOOD = """\
description: local contrast,
  without borders
steps:
  - collimation
  - window: {use_given: false}
  - resize
  - clahe:
      clip_limit: 3
"""


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    file = folder / "recipes" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_it_is_read_as_it_stands(tmp_path: Path) -> None:
    named = read_recipe_file(written(tmp_path, GOOD))
    assert (named.name, named.description) == ("mine", "local contrast, without borders")
    assert named.recipe(64) == Recipe(
        steps=(
            CollimationSettings(),
            WindowSettings(use_given=False),
            ResizeSettings(rows=64, columns=64),
            ClaheSettings(clip_limit=3),
        )
    )


def test_a_resize_with_a_size_of_its_own_keeps_it(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace("- resize", "- resize: {rows: 96, columns: 80, keep_aspect: no}"))
    assert read_recipe_file(file).recipe(64).shape == (96, 80)


def test_its_name_stands_beside_those_of_the_platform(tmp_path: Path) -> None:
    assert known_recipes(Places(tmp_path)) == RECIPES
    written(tmp_path, GOOD)
    known = known_recipes(Places(tmp_path))
    assert set(known) == {*RECIPES, "mine"}
    assert named_recipe("mine", 32, known).shape == (32, 32)
    with pytest.raises(InputError, match=r"no recipe is called 'yours'; there are default, .*, imagenet, mine$"):
        named_recipe("yours", 32, known)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("mine.yaml~", ".mine.yaml.swp", ".hidden.yaml", "notes.md"):
        written(tmp_path, "no recipe", name)
    assert known_recipes(Places(tmp_path)) == RECIPES


def test_every_step_can_be_written(tmp_path: Path) -> None:
    """Each is reached by its name alone, behind whatever gives what it takes."""
    for kind, step in STEPS.items():
        before = next(ahead for ahead in ([], ["window"]) if _fits(tmp_path, [*ahead, kind]))
        read = read_recipe_file(_of(tmp_path, [*before, kind]))
        assert read.steps[-1] == step()


def _of(folder: Path, kinds: list[str]) -> Path:
    return written(folder, "description: some\nsteps:\n" + "".join(f"  - {kind}\n" for kind in kinds))


def _fits(folder: Path, kinds: list[str]) -> bool:
    try:
        read_recipe_file(_of(folder, kinds))
    except StoreError:
        return False
    return True


WRONG = {
    "": "line 1: it is empty; a recipe has description and steps",
    "- window": "line 1: a recipe is written as `name: value`, one a line; found ['window']",
    "description: some": "line 1: 'steps' is missing; a recipe has description and steps",
    "description: some\nside: 3\nsteps: [window]": "line 2: a recipe has no field 'side'; allowed: description, steps",
    "description: 3\nsteps: [window]": "line 1: the description is 3; allowed is a text that says why one wants it",
    "description: a\ndescription: b\nsteps: [window]": "line 2: 'description' stands twice; it first stands on line 1",
    "description: a\nsteps: window": "line 2: steps must be a list, one step a line that begins with `- `",
    "description: a\nsteps: []": "line 2: steps must be a list, one step a line that begins with `- `",
    "description: a\nsteps:\n  - window\n  - sharpen": "line 4: step 2: no step is called 'sharpen'; allowed: window",
    "description: a\nsteps:\n  - 7": "line 3: step 1: no step is called 7; allowed: window, min_max",
    "description: a\nsteps:\n  - window\n  - clahe:\n      clip: 3": (
        "line 5: step 2, clahe has no setting 'clip'; allowed: "
    ),
    "description: a\nsteps:\n  - window\n  - clahe:\n      kind: gamma": (
        "line 5: step 2, clahe has no setting 'kind'; allowed: "
    ),
    "description: a\nsteps:\n  - window\n  - unit: {gain: 3}": (
        "line 4: step 2, unit has no setting 'gain'; allowed: none"
    ),
    "description: a\nsteps:\n  - window:\n      use_given: no\n      low_percentile: -1": (
        "line 5: step 1, window: low_percentile: found -1; input should be greater than or equal to 0"
    ),
    "description: a\nsteps:\n  - window: {low_percentile: 60, high_percentile: 40}": (
        "line 3: step 1, window: low_percentile is 60; it must lie below high_percentile, which is 40"
    ),
    "description: a\nsteps:\n  - window: 3": "line 3: step 1, window is written as `name: value`, one a line; found 3",
    "description: a\nsteps:\n  - window:\n    clip_limit: 3": (
        "line 3: step 1 has the names window, clip_limit; it must be one, with its settings indented below it"
    ),
    "description: a\nsteps:\n  - resize\n  - clahe": (
        "line 4: step 2: the step clahe gets stored values (uint16, 0 to 65535); it takes full range (uint16"
    ),
    "description: [": "cannot be read: while parsing",
    "description: !!python/name:os.system a\nsteps: [window]": "cannot be read: could not determine a constructor",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(StoreError) as told:
        known_recipes(Places(tmp_path))
    assert str(told.value).startswith(str(file))
    assert WRONG[text] in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clahe.yaml", "the platform has a recipe of this name; choose another"),
        ("mine.yml", "would not be found under its name; call it mine.yaml"),
        ("My recipe.yaml", "allowed: a small letter, then small letters, digits and _"),
    ],
)
def test_a_name_that_cannot_be_is_told(tmp_path: Path, name: str, words: str) -> None:
    written(tmp_path, GOOD, name)
    with pytest.raises(StoreError, match=words):
        known_recipes(Places(tmp_path))
