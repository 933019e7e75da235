"""Made-up writing: every kind gives ink of about the size asked for, the same from the same seed."""

import numpy as np
import pytest

from xray_platform.errors import InputError
from xray_platform.training.writing.fonts import FontSet, find_fonts
from xray_platform.training.writing.render import KINDS, Kind, write
from xray_platform.training.writing.words import ALPHABETS, line


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [6.0, 20.0, 48.0])
def test_every_kind_gives_ink_of_about_the_size(kind: Kind, size: float, fonts: FontSet) -> None:
    for seed in range(6):
        writing = write(fonts, size, np.random.default_rng(seed), kind)
        assert writing.ink.dtype == np.uint8
        assert writing.ink.max() > 128
        assert min(writing.ink.shape) >= 0.3 * size
        assert writing.ink[:, 0].any(), "it is cropped to its ink"


def test_the_same_seed_writes_the_same(fonts: FontSet) -> None:
    one, other = (write(fonts, 18.0, np.random.default_rng(4)) for _ in range(2))
    assert one.text == other.text
    assert np.array_equal(one.ink, other.ink)


@pytest.mark.parametrize("script", ALPHABETS)
def test_a_line_has_two_signs_or_more(script: str) -> None:
    for seed in range(200):
        assert len(line(script, np.random.default_rng(seed)).replace(" ", "")) >= 2


def test_fonts_are_told_apart_by_script_and_divided_by_family(fonts: FontSet) -> None:
    assert fonts.holds("latin")
    assert fonts.holds("cyrillic")
    assert not fonts.holds("han")
    assert "cyrillic" in fonts.choose("cyrillic", np.random.default_rng(0)).scripts


def test_a_folder_without_fonts_is_an_error(tmp_path: object) -> None:
    with pytest.raises(InputError, match="no TrueType or OpenType font"):
        find_fonts([tmp_path])  # type: ignore[list-item]
