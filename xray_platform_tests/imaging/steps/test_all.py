"""What every step must do, on any picture: keep its promise of dtype, range and shape, and leave its input alone."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_platform.errors import InputError
from xray_platform.imaging.pixel_range import BYTE, FULL, IMAGENET, SCORES, UNIT, PixelRange, Pixels
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.all import STEPS
from xray_platform.imaging.steps.denoise import MedianSettings

PAIRS = [
    pytest.param(step(), limits, id=f"{kind}-{limits.name}") for kind, step in STEPS.items() for limits in step.takes
]


@st.composite
def pictures(draw: st.DrawFn, limits: PixelRange) -> Pixels:
    """Any picture of a range: noise, constant, black and white only, a single bright pixel; from 1 x 1 pixel on."""
    shape = (draw(st.integers(1, 40)), draw(st.integers(1, 40)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spot = np.zeros(shape)
    spot[0, 0] = 1
    constant = np.full(shape, draw(st.floats(0, 1)))
    unit = draw(st.sampled_from([rng.random(shape), constant, (rng.random(shape) > 0.5) * 1.0, spot]))
    low, high = (-4.0, 4.0) if limits.low is None or limits.high is None else (limits.low, limits.high)
    values: Pixels = (low + unit * (high - low)).astype(limits.dtype)
    return values


@pytest.mark.parametrize(("step", "limits"), PAIRS)
@settings(max_examples=12)
@given(data=st.data())
def test_any_picture_comes_out_in_the_promised_range(
    step: StepSettings, limits: PixelRange, data: st.DataObject
) -> None:
    picture = data.draw(pictures(limits))
    before = picture.copy()
    out = step.apply(picture)
    assert (step.gives or limits).holds(out)
    assert step.shape(picture.shape) in (out.shape, None)
    np.testing.assert_array_equal(picture, before)
    assert not np.shares_memory(out, picture) or np.array_equal(out, picture)


SHAPES = [(1, 1), (1, 2), (2, 1), (1, 300), (300, 1), (17, 1000), (257, 191)]


@pytest.mark.parametrize(("step", "limits"), PAIRS)
def test_tiny_long_and_extreme_pictures_come_out_in_the_promised_range(step: StepSettings, limits: PixelRange) -> None:
    low, high = (-4.0, 4.0) if limits.low is None or limits.high is None else (limits.low, limits.high)
    for shape in SHAPES:
        black, white = np.full(shape, low), np.full(shape, high)
        hot, cold = black.copy(), white.copy()
        hot.flat[0], cold.flat[0] = high, low
        for picture in (black, white, hot, cold):
            out = step.apply(picture.astype(limits.dtype))
            assert (step.gives or limits).holds(out)
            assert step.shape(shape) in (out.shape, None)


@pytest.mark.parametrize("step", [step() for step in STEPS.values()], ids=list(STEPS))
def test_what_is_no_picture_in_a_form_that_a_step_takes_is_refused_with_what_was_found(step: StepSettings) -> None:
    for pixels in (np.zeros((5, 5)), np.zeros((5, 5), np.int32)):
        with pytest.raises(InputError, match=f"found {pixels.dtype}.*; this takes"):
            step.apply(pixels)
    for shape in ((5, 5, 3), (0, 5), (5,)):
        with pytest.raises(InputError, match="a picture has rows and columns"):
            step.apply(np.zeros(shape, step.takes[0].dtype))
    for wrong in (np.nan, np.inf, -np.inf):
        with pytest.raises(InputError, match="found float32 with NaN or infinite values; this takes"):
            step.apply(np.array([[0.5, wrong]], np.float32))


def test_bytes_are_no_sixteen_bits() -> None:
    assert BYTE.holds(np.zeros((2, 2), np.uint8))
    assert not FULL.holds(np.zeros((2, 2), np.uint8))


VARIED: dict[str, dict[str, st.SearchStrategy[object]]] = {
    "window": {"low_percentile": st.floats(0, 49), "high_percentile": st.floats(51, 100)},
    "quantise": {"bits": st.integers(1, 16)},
    "resize": {"rows": st.integers(1, 60), "columns": st.integers(1, 60), "keep_aspect": st.booleans()},
    "collimation": {"most": st.floats(0, 0.49)},
    "rotate": {"degrees": st.floats(-45, 45)},
    "gaussian": {"sigma": st.floats(0.05, 20)},
    "median": {"side": st.sampled_from([3, 5, 7, 9])},
    "non_local_means": {"strength": st.floats(0.001, 1), "patch": st.sampled_from([3, 5]), "search": st.just(7)},
    "bilateral": {"sigma": st.floats(0.1, 5), "grey_sigma": st.floats(0.001, 1)},
    "linear": {"gain": st.floats(0.01, 100), "offset": st.floats(-1, 1)},
    "gamma": {"gamma": st.floats(0.01, 10)},
    "clahe": {"clip_limit": st.floats(1, 256), "tiles": st.integers(1, 64)},
    "normal_score": {"mean": st.floats(0, 1), "deviation": st.floats(1e-4, 1)},
}


@pytest.mark.parametrize("kind", VARIED)
@settings(max_examples=12)
@given(data=st.data())
def test_any_settings_keep_the_promise(kind: str, data: st.DataObject) -> None:
    step = STEPS[kind].model_validate(data.draw(st.fixed_dictionaries(VARIED[kind])))
    picture = data.draw(pictures(FULL))
    out = step.apply(picture)
    assert (step.gives or FULL).holds(out)
    assert step.shape(picture.shape) in (out.shape, None)


@pytest.mark.parametrize("kind", STEPS)
@given(level=st.integers(0, 65535), rows=st.integers(1, 30), columns=st.integers(1, 30))
@settings(max_examples=8)
def test_a_constant_picture_stays_constant(kind: str, level: int, rows: int, columns: int) -> None:
    step = STEPS[kind]()
    picture = np.full((rows, columns), level, np.uint16)
    if FULL in step.takes:
        out = step.apply(picture)
        framed = out if kind != "resize" else out[out > 0]
        channels = framed.reshape(3, -1) if step.gives is IMAGENET else framed.reshape(1, -1)
        assert all(len(np.unique(channel)) <= 1 for channel in channels)


@pytest.mark.parametrize("kind", STEPS)
def test_what_was_found_can_be_replayed_from_json(kind: str) -> None:
    step = STEPS[kind]()
    picture = np.random.default_rng(5).integers(0, 65536, (40, 31)).astype(np.uint16)
    if FULL in step.takes:
        found = json.loads(json.dumps(step.find(picture)))
        np.testing.assert_array_equal(step.run(picture, found), step.apply(picture))


@pytest.mark.parametrize("kind", STEPS)
def test_each_step_describes_itself(kind: str) -> None:
    step = STEPS[kind]
    assert not step().describe().endswith(".")
    assert step().states().startswith("takes ")
    assert Recipe.model_validate_json(_alone(step()).model_dump_json()) == _alone(step())


def _alone(step: StepSettings) -> Recipe:
    """A recipe of one step after the window, whose full range every step takes."""
    return Recipe.model_validate({"steps": [{"kind": "window"}, step.model_dump()]})


@pytest.mark.parametrize(
    "kind", [kind for kind, step in STEPS.items() if FULL in step.takes and step.gives in (FULL, None)]
)
def test_sixteen_bit_steps_keep_sixteen_bits(kind: str) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    out = STEPS[kind]().apply(ramp)
    assert len(np.unique(out)) > (200 if kind == "quantise" else 4000)


def test_the_forms_of_scores_are_told_apart() -> None:
    assert SCORES != IMAGENET
    assert not UNIT.holds(np.full((2, 2), 1.5, np.float32))
    assert not SCORES.holds(np.full((2, 2), np.nan, np.float32))


def test_an_even_median_is_refused() -> None:
    with pytest.raises(InputError, match="must be odd"):
        MedianSettings(side=4)
