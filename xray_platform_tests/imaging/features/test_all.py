"""What every feature must do: names for its numbers, finite for odd pictures, alike alone and together."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_platform.errors import InputError
from xray_platform.imaging.features import all as table
from xray_platform.imaging.features.all import FEATURES, Extraction, extract, feature_names
from xray_platform.imaging.features.feature import FeatureSettings
from xray_platform.workers import Lost
from xray_platform_tests.other_values import with_other

KINDS = sorted(FEATURES)
LEAST = {"hog": 32, "glcm": 5, "statistics": 4, "sobel": 8, "scharr": 8, "gabor": 4, "log": 4}  # pixels, else 1


@pytest.fixture(params=KINDS)
def feature(request: pytest.FixtureRequest) -> FeatureSettings:
    return FEATURES[request.param]()


def odd_pictures() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    rng = np.random.default_rng(0)
    spot = np.zeros((64, 70))
    spot[30, 30] = 1
    odd = [
        np.zeros((64, 70)),
        np.ones((64, 70)),
        np.full((64, 70), 0.5),
        spot,
        rng.random((64, 70)),
        rng.random((64, 70)) > 0.5,
    ]
    return np.stack(odd).astype(np.float32)


def test_each_number_has_a_name_of_its_own_and_is_finite(feature: FeatureSettings) -> None:
    rows = feature.compute(odd_pictures())
    names = feature.names((64, 70))
    assert rows.shape == (6, len(names))
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()
    assert len(set(names)) == len(names) == np.prod(feature.shape((64, 70)))
    assert feature.describe()


@settings(max_examples=15)
@given(rows=st.integers(1, 50), columns=st.integers(1, 50), seed=st.integers(0, 99), extreme=st.booleans())
@pytest.mark.parametrize("kind", KINDS)
def test_any_picture_gives_finite_numbers_or_is_too_small_with_a_reason(
    kind: str, rows: int, columns: int, seed: int, extreme: bool
) -> None:
    feature = FEATURES[kind]()
    noise = np.random.default_rng(seed).random((2, rows, columns)).astype(np.float32)
    images = np.round(noise) if extreme else noise
    if min(rows, columns) < LEAST.get(kind, 1):
        with pytest.raises(InputError, match="fit into"):
            feature.compute(images)
    else:
        numbers = feature.compute(images)
        assert numbers.shape == (2, len(feature.names((rows, columns))))
        assert np.isfinite(numbers).all()


def test_pictures_together_give_what_each_gives_alone(feature: FeatureSettings) -> None:
    images = odd_pictures()
    alone = np.concatenate([feature.compute(images[i : i + 1]) for i in range(len(images))])
    np.testing.assert_array_equal(feature.compute(images), alone)


def test_children_give_what_one_process_gives_and_pictures_stay_in_order() -> None:
    images = np.random.default_rng(4).random((270, 40, 64)).astype(np.float32)
    features, seen = [FEATURES[kind]() for kind in KINDS if kind != "gabor"], []
    two = extract(images, features, workers=2, progress=lambda *told: seen.append(told))
    np.testing.assert_array_equal(two, extract(images, features, workers=1))
    assert two.shape == (270, len(feature_names((40, 64), features)))
    assert seen[-1] == (270, 270, "features")


def test_a_lost_child_loses_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(_: object, jobs: list[Extraction], **__: object) -> Iterator[Lost]:
        return (Lost("killed", "out of memory") for _ in jobs)

    monkeypatch.setattr(table, "map_in_children", lose)
    images = np.random.default_rng(5).random((600, 32, 32)).astype(np.float32)
    features = [FEATURES["statistics"]()]
    np.testing.assert_array_equal(extract(images, features, workers=2), extract(images, features, workers=1))


def test_no_pictures_give_no_rows() -> None:
    features = [FEATURES[kind]() for kind in KINDS]
    assert extract(np.empty((0, 64, 64)), features).shape == (0, len(feature_names((64, 64), features)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 64), (64, 1), (64, 64), (33, 200)])
def test_tiny_long_and_extreme_pictures_give_finite_numbers_or_a_reason(kind: str, shape: tuple[int, int]) -> None:
    feature, hot = FEATURES[kind](), np.zeros(shape)
    hot.flat[0] = 1
    for picture in (np.zeros(shape), np.ones(shape), hot, 1 - hot):
        if min(shape) < LEAST.get(kind, 1):
            with pytest.raises(InputError, match="fit into"):
                extract(picture[None], [feature])
        else:
            assert np.isfinite(extract(picture[None], [feature])).all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(wrong: float) -> None:
    with pytest.raises(InputError, match="values that are no numbers"):
        extract(np.full((1, 64, 64), wrong), [FEATURES["statistics"]()])


@pytest.mark.parametrize("images", [np.zeros((3, 3)), np.full((1, 64, 64), 1.5), np.full((1, 64, 64), -0.1)])
def test_pictures_of_another_shape_or_range_are_refused(
    images: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    with pytest.raises(InputError, match=r"pictures (of shape|with values)"):
        extract(images, [FEATURES["statistics"]()])


EVERY_SETTING = [(kind, name) for kind in KINDS for name in FEATURES[kind].model_fields if name != "kind"]


@pytest.mark.parametrize(("kind", "name"), EVERY_SETTING)
def test_every_setting_changes_the_numbers(kind: str, name: str) -> None:
    usual = FEATURES[kind]()
    one, other = (feature.compute(odd_pictures()) for feature in (usual, with_other(usual, name)))
    assert one.shape != other.shape or not np.array_equal(one, other)
