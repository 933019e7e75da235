"""Every model of either table keeps one contract: a new one is tested from the moment that it is in its table."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xray_platform.errors import InputError, StoreError
from xray_platform.image_stack import Images, SelectedImages
from xray_platform_tests.detectors.chests import SIDE, chests, with_blob
from xray_platform_tests.models.every_model import MODELS, ModelKind, Part

SECONDS = 60  # of processor time for a few dozen small images: quick settings are for demo and tests
NORMAL, ABNORMAL = chests(30, seed=2), with_blob(chests(30, seed=3))

every_model = pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)


def part(count: int, seed: int) -> Part:
    """Return as many normal as abnormal images, read-only, so that who writes into them is noticed."""
    images = np.concatenate([chests(count, seed), with_blob(chests(count, seed + 100))])
    images.setflags(write=False)
    return images, np.arange(2 * count) >= count


TRAIN, VAL = part(40, seed=1), part(15, seed=4)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, float]]:
    """Each model, fitted, and the seconds of processor time that it took."""
    found = {}
    for name, kind in MODELS.items():
        began = time.process_time()
        model = kind.fit(TRAIN, VAL, tmp_path_factory.mktemp(name))
        found[name] = (model, time.process_time() - began)
    return found


@pytest.fixture
def model(kind: ModelKind, fitted: dict[str, tuple[Any, float]]) -> Any:
    return fitted[kind.name][0]


@every_model
def test_it_is_named_and_described(kind: ModelKind, model: Any) -> None:
    assert kind.line.name == kind.name
    assert kind.line.description
    assert model.describe()[0].startswith(f"{kind.name}: ")


@every_model
def test_its_quick_settings_are_quick(kind: ModelKind, fitted: dict[str, tuple[Any, float]]) -> None:
    assert fitted[kind.name][1] < SECONDS


@every_model
def test_its_settings_survive_json(kind: ModelKind, model: Any) -> None:
    for part in kind.line.settings:
        for settings in (part(), kind.quick(part)):
            assert part.model_validate_json(settings.model_dump_json()) == settings
    assert model.settings == kind.quick(kind.line.settings[0])


@every_model
def test_scores_are_finite_and_higher_for_the_abnormal(kind: ModelKind, model: Any) -> None:
    normal, abnormal = model.score(NORMAL), model.score(ABNORMAL)
    assert normal.shape == (30,)
    assert normal.dtype == np.float64
    assert np.isfinite([normal, abnormal]).all()
    assert np.mean(abnormal[:, None] > normal[None]) > 0.95  # the area under the ROC curve


@every_model
def test_heat_maps_are_finite_and_higher_for_the_abnormal(kind: ModelKind, model: Any) -> None:
    normal, abnormal = model.heatmap(NORMAL), model.heatmap(ABNORMAL)
    assert normal.shape == NORMAL.shape
    assert normal.dtype == np.float32
    assert np.isfinite([normal, abnormal]).all()
    assert abnormal.mean() > 1.5 * normal.mean()


@every_model
def test_the_same_data_and_seed_give_the_same_model(kind: ModelKind, model: Any, tmp_path: Path) -> None:
    again = kind.fit((TRAIN[0].copy(), TRAIN[1].copy()), VAL, tmp_path)
    assert np.array_equal(again.score(ABNORMAL), model.score(ABNORMAL))
    assert np.array_equal(again.heatmap(ABNORMAL), model.heatmap(ABNORMAL))


@every_model
def test_it_comes_back_from_its_folder_as_it_was(kind: ModelKind, model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = kind.load(tmp_path / "model")
    assert np.array_equal(again.score(ABNORMAL), model.score(ABNORMAL))
    assert np.array_equal(again.heatmap(ABNORMAL), model.heatmap(ABNORMAL))
    assert (again.describe(), again.settings) == (model.describe(), model.settings)


@every_model
def test_a_batch_of_one_scores_as_in_a_batch_of_many(kind: ModelKind, model: Any) -> None:
    many = np.concatenate([ABNORMAL, NORMAL] * 5)  # more than are scored at once
    alone = np.concatenate([model.score(image[None]) for image in many[:60]])
    np.testing.assert_allclose(np.tile(alone, 5), model.score(many), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model.heatmap(many[:1])[0], model.heatmap(many)[-60], rtol=1e-3, atol=1e-3)


@every_model
def test_its_input_is_untouched(kind: ModelKind, model: Any) -> None:
    images = ABNORMAL.copy()
    model.score(images)
    model.heatmap(images)
    assert np.array_equal(images, ABNORMAL)
    images.setflags(write=False)
    assert np.array_equal(model.score(images), model.score(ABNORMAL))


@every_model
@pytest.mark.parametrize("content", [b"", b"rubbish", b"{}", None], ids=["empty", "rubbish", "braces", "missing"])
def test_a_damaged_file_of_its_folder_is_told(
    kind: ModelKind, model: Any, tmp_path: Path, content: bytes | None
) -> None:
    model.save(tmp_path / "sound")
    for name in sorted(file.name for file in (tmp_path / "sound").iterdir()):
        folder = tmp_path / f"without {name}"
        model.save(folder)
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        with pytest.raises(StoreError, match=str(folder)):
            kind.load(folder)


@every_model
def test_another_models_folder_is_refused(
    kind: ModelKind, fitted: dict[str, tuple[Any, float]], tmp_path: Path
) -> None:
    for name in sorted(set(fitted) - {kind.name}):
        fitted[name][0].save(tmp_path / name)
        with pytest.raises(StoreError):
            kind.load(tmp_path / name)


def hole(images: Images) -> Images:
    holed = images.copy()
    holed[0, 5, 5] = np.nan
    return holed


@every_model
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (hole(NORMAL), "no numbers"),
        (NORMAL[0], "a stack of squares"),
        (NORMAL * 255, r"values in \[0, 1\] are wanted"),
        (NORMAL[:, :32, :32], f"32 px; this model was made with {SIDE} px"),
    ],
    ids=["not finite", "one image", "another range", "another side"],
)
def test_what_is_no_image_is_refused(kind: ModelKind, model: Any, wrong: Images, reason: str) -> None:
    for call in (model.score, model.heatmap):
        with pytest.raises(InputError, match=reason):
            call(wrong)


@every_model
def test_no_images_give_no_scores(kind: ModelKind, model: Any) -> None:
    assert model.score(NORMAL[:0]).shape == (0,)
    assert model.heatmap(NORMAL[:0]).shape == (0, SIDE, SIDE)


@every_model
def test_it_says_how_far_it_is(kind: ModelKind, model: Any) -> None:
    said: list[tuple[int, int, str]] = []
    model.score(NORMAL, progress=lambda *how_far: said.append(how_far))
    model.heatmap(NORMAL, progress=lambda *how_far: said.append(how_far))
    assert said
    assert all(0 < done <= total and what for done, total, what in said)
    assert said[-1][:2] == (30, 30)


@every_model
def test_it_learns_the_same_from_images_that_are_read_when_they_are_needed(
    kind: ModelKind, model: Any, tmp_path: Path
) -> None:
    def reading(part: Part) -> tuple[Any, Any]:
        return SelectedImages(part[0], np.arange(len(part[0]))), part[1]

    again = kind.fit(reading(TRAIN), reading(VAL), tmp_path)
    assert np.array_equal(again.score(ABNORMAL), model.score(ABNORMAL))
