from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.imaging.repair.defects import MEANING, Defect
from xray_platform.imaging.repair.diagnose import diagnose
from xray_platform.imaging.repair.exposure import Exposure, stretch
from xray_platform.imaging.repair.find_colour_map import Tone
from xray_platform.imaging.repair.levels import check_picture, grey_of
from xray_platform.imaging.repair.outline import Outline
from xray_platform.imaging.repair.rectify import rectified_shape, rectify
from xray_platform.imaging.repair.restore import RestoreSettings, restore
from xray_platform_tests.imaging.repair.chest import chest, error, noisy, painted, thrown, warped, with_disc


def sound_12_bit() -> NDArray[np.uint16]:
    return (chest().astype(np.uint16) * 16) + np.arange(160, dtype=np.uint16) % 16


@pytest.mark.parametrize("picture", [chest(), sound_12_bit(), np.repeat(chest()[..., None], 3, axis=2)])
def test_a_sound_picture_passes_unchanged(picture: NDArray[Any]) -> None:
    restored = restore(picture)
    assert restored.pixels.dtype == picture.dtype
    assert restored.pixels.tobytes() == np.ascontiguousarray(grey_of(picture)).tobytes()
    assert not restored.changed
    assert restored.diagnosis.sound(0.5)


def test_everything_at_once_is_found_named_and_mended() -> None:
    damaged = with_disc(warped(noisy(painted(chest(), "jet", Tone(2.0, 40, 230)), 30)))
    restored = restore(damaged)
    found = {finding.name for finding in restored.diagnosis.defects if finding.confidence >= 0.5}
    assert found >= {Defect.FALSE_COLOUR, Defect.OUTLINE, Defect.MISSING}
    assert error(restored.pixels, chest()) < 17
    assert error(grey_of(damaged), chest()) > 50
    assert [word for word in ("colour map jet", "outline", "missing") if word in " ".join(restored.done)] == [
        "colour map jet", "outline", "missing",
    ]  # fmt: skip


def test_a_turned_painted_picture_comes_back_upright() -> None:
    matrix = cv2.getRotationMatrix2D((79.5, 79.5), 8, 1.0)
    turned = np.asarray(cv2.warpAffine(noisy(painted(chest()), 20), matrix, (160, 160)), np.uint8)
    restored = restore(turned)
    assert restored.diagnosis.colour is not None
    assert restored.diagnosis.colour.name == "jet"
    assert error(restored.pixels[15:145, 15:145], chest()[15:145, 15:145]) < 15


def test_only_the_hole_of_a_grey_picture_is_touched() -> None:
    damaged = with_disc(sound_12_bit(), radius=10)
    restored = restore(damaged)
    changed = restored.pixels != damaged
    assert len(restored.done) == 1
    assert 200 < changed.sum() < 700
    assert restored.pixels.dtype == np.uint16
    assert error(restored.pixels, sound_12_bit()) < 0.3 * error(damaged, sound_12_bit())


@pytest.mark.parametrize(
    ("damaged", "defect"),
    [
        (noisy((chest() // 2 + 60).astype(np.uint8), 20), Defect.GAUSSIAN),
        (thrown(chest(), 0.05), Defect.IMPULSE),
        ((chest() // 8 + 100).astype(np.uint8), Defect.CONTRAST),
    ],
)
def test_one_defect_of_a_grey_picture_is_told_from_the_others(damaged: NDArray[Any], defect: Defect) -> None:
    diagnosis = diagnose(damaged)
    assert diagnosis.defects[0].name == defect
    assert diagnosis.confidence(defect) > 0.8
    assert restore(damaged).changed


def test_a_noisy_channel_weighs_less_than_the_clean_ones() -> None:
    picture = np.repeat(chest()[..., None], 3, axis=2)
    picture[..., 1] = noisy(chest(), 40)
    restored = restore(picture)
    assert error(restored.pixels, chest()) < 0.25 * error(grey_of(picture), chest())
    assert "mixed the channels by their noise" in restored.done[-1]


def test_a_learnt_restorer_takes_the_place_of_the_inversion_alone() -> None:
    seen: list[tuple[int, ...]] = []

    def learnt(maps: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(maps.shape)
        return np.asarray(maps[5] * 255, np.float32)

    restored = restore(noisy(painted(chest()), 20), learnt=learnt)
    assert seen == [(8, 160, 160)]
    assert "learnt restorer" in restored.done[0]
    assert restore(chest(), learnt=learnt).pixels.tobytes() == chest().tobytes()
    assert len(seen) == 1


def test_nothing_is_mended_that_the_diagnosis_is_not_sure_enough_of() -> None:
    damaged = (chest() // 5 + 100).astype(np.uint8)
    confidence = diagnose(damaged).confidence(Defect.CONTRAST)
    assert restore(damaged, RestoreSettings(sure=max(confidence - 0.01, 0.01))).changed
    assert not restore(damaged, RestoreSettings(sure=min(confidence + 0.01, 1.0))).changed


def test_findings_speak() -> None:
    assert set(MEANING) == set(Defect)
    for sentence in diagnose(thrown(chest(), 0.05)).describe():
        assert "% sure" in sentence
    assert diagnose(chest()).describe() == ["nothing found: the picture looks sound"]


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        arrays(np.uint8, st.tuples(st.integers(8, 40), st.integers(8, 40)), fill=st.integers(0, 255)),
        arrays(np.uint16, st.tuples(st.integers(8, 40), st.integers(8, 40)), fill=st.integers(0, 65535)),
        arrays(np.uint8, st.tuples(st.integers(8, 40), st.integers(8, 40), st.just(3)), fill=st.integers(0, 255)),
    )
)
def test_any_picture_however_odd_gives_a_grey_one_of_its_type(picture: NDArray[Any]) -> None:
    restored = restore(picture)
    assert restored.pixels.dtype == picture.dtype
    assert restored.pixels.ndim == 2
    assert min(restored.pixels.shape) >= 8


@pytest.mark.parametrize(
    "picture",
    [np.zeros((20, 20)), np.zeros((20, 20, 4), np.uint8), np.zeros((4, 20), np.uint8), np.zeros(20, np.uint8)],
)
def test_what_is_no_picture_is_refused_with_what_is_allowed(picture: NDArray[Any]) -> None:
    with pytest.raises(InputError, match=r"allowed|may be"):
        restore(picture)


@given(st.integers(1, 65535))
def test_stored_values_survive_the_way_to_levels_and_back(top: int) -> None:
    stored = np.linspace(0, top, 64, dtype=np.uint16).reshape(8, 8)
    depth = check_picture(stored)
    assert depth.white >= top
    assert np.array_equal(depth.to_stored(depth.to_levels(stored)), stored)


def test_stretching_brings_the_ends_to_the_ends() -> None:
    grey = np.linspace(100, 150, 64, dtype=np.float32).reshape(8, 8)
    stretched = stretch(grey, Exposure(100, 150))
    assert (stretched.min(), stretched.max()) == (0, 255)


def test_rectifying_a_whole_frame_changes_nothing() -> None:
    frame = Outline(((-0.5, -0.5), (159.5, -0.5), (159.5, 159.5), (-0.5, 159.5)), 1.0, 1.0, (160, 160))
    grey = chest().astype(np.float32)
    assert rectify(grey, frame, (160, 160)) == pytest.approx(grey, abs=0.6)


def test_a_picture_of_another_aspect_than_its_canvas_keeps_it() -> None:
    wide = Outline(((10, 50), (150, 45), (152, 110), (12, 115)), 1.0, 1.0, (160, 160))
    rows, columns = rectified_shape(wide)
    assert columns / rows == pytest.approx(140 / 65, rel=0.05)
