"""Words: the tables name everything there is, once, and stay tables."""

from collections.abc import Callable

import pytest

from xray_platform.imaging.features.all import FEATURES
from xray_platform.imaging.recipes import RECIPES
from xray_platform.imaging.steps.all import STEPS
from xray_platform.imaging.words import features_in_words, recipes_in_words, steps_in_words


@pytest.mark.parametrize(
    ("table", "names"), [(steps_in_words, STEPS), (recipes_in_words, RECIPES), (features_in_words, FEATURES)]
)
def test_a_table_has_a_full_line_for_each(table: Callable[[], str], names: dict[str, object]) -> None:
    head, rule, *rows = table().splitlines()
    assert [row.split("`")[1] for row in rows] == list(names)
    assert {line.count(" | ") for line in (head, rule, *rows)} == {2}


def test_forms_are_told_with_dtype_and_range() -> None:
    assert "takes full range (uint16, 0 to 65535); gives unit range (float32, 0 to 1)" in steps_in_words().replace(
        " or bytes (uint8, 0 to 255)", ""
    )
