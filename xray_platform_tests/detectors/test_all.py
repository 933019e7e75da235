"""Every detector of the table keeps the contract: these tests run for a new one from the moment it stands there."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.contract import FEWEST_NORMALS, Detector, DetectorKind
from xray_platform.detectors.storage import ARRAYS, CARD
from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.settings import Settings
from xray_platform_tests.detectors.chests import BLOB_COLUMN, BLOB_ROW, SIDE, chests, with_blob
from xray_platform_tests.other_values import with_other

NORMALS = chests(40, seed=1)
OTHERS = chests(30, seed=2)

every_kind = pytest.mark.parametrize("kind", DETECTORS.values(), ids=DETECTORS)


@pytest.fixture(scope="module")
def fitted() -> dict[str, Detector]:
    return {name: kind.fit(NORMALS, kind.settings()) for name, kind in DETECTORS.items()}


@pytest.fixture
def detector(kind: DetectorKind, fitted: dict[str, Detector]) -> Detector:
    return fitted[kind.name]


@every_kind
def test_it_is_named_and_described(kind: DetectorKind, detector: Detector) -> None:
    assert DETECTORS[kind.name] is kind
    assert kind.description
    assert detector.describe()[0].startswith(f"{kind.name}: ")
    assert f"{len(NORMALS)} normal pictures" in detector.describe()[0]


@every_kind
def test_scores_are_finite_and_higher_for_the_abnormal(kind: DetectorKind, detector: Detector) -> None:
    normal, abnormal = detector.score(OTHERS), detector.score(with_blob(OTHERS))
    assert normal.shape == (30,)
    assert normal.dtype == np.float64
    assert np.isfinite([normal, abnormal]).all()
    assert np.mean(abnormal[:, None] > normal[None]) > 0.95  # the area under the ROC curve


@every_kind
def test_a_stronger_finding_scores_higher(kind: DetectorKind, detector: Detector) -> None:
    scores = [detector.score(with_blob(OTHERS, strength)).mean() for strength in (0.0, 0.15, 0.3)]
    assert scores == sorted(scores)


@every_kind
def test_the_heat_map_glows_where_the_finding_is(kind: DetectorKind, detector: Detector) -> None:
    maps = detector.heatmap(with_blob(OTHERS))
    assert maps.shape == (30, SIDE, SIDE)
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    peaks = np.array([np.unravel_index(heat.argmax(), heat.shape) for heat in maps])
    away = np.hypot(peaks[:, 0] - BLOB_ROW, peaks[:, 1] - BLOB_COLUMN)
    assert np.median(away) < 10
    assert maps.mean() > 1.5 * detector.heatmap(OTHERS).mean()


@every_kind
def test_the_same_pictures_give_the_same_detector(kind: DetectorKind, detector: Detector) -> None:
    again = kind.fit(NORMALS.copy(), kind.settings())
    assert np.array_equal(again.score(OTHERS), detector.score(OTHERS))
    assert np.array_equal(again.heatmap(OTHERS), detector.heatmap(OTHERS))


@every_kind
def test_a_picture_is_judged_alike_alone_and_in_company(kind: DetectorKind, detector: Detector) -> None:
    many = np.concatenate([with_blob(OTHERS)] * 10)  # more than are judged at once
    alone = np.concatenate([detector.score(image[None]) for image in many[:30]])
    np.testing.assert_allclose(np.tile(alone, 10), detector.score(many), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(detector.heatmap(many[:1])[0], detector.heatmap(many)[-30], rtol=1e-3, atol=1e-4)


@every_kind
def test_it_comes_back_from_its_folder_as_it_was(kind: DetectorKind, detector: Detector, tmp_path: Path) -> None:
    detector.save(tmp_path / "model")
    again = kind.load(tmp_path / "model")
    assert np.array_equal(again.score(OTHERS), detector.score(OTHERS))
    assert np.array_equal(again.heatmap(OTHERS), detector.heatmap(OTHERS))
    assert again.describe() == detector.describe()
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == sorted([CARD, ARRAYS])


@every_kind
@pytest.mark.parametrize("file", [CARD, ARRAYS])
@pytest.mark.parametrize("content", [b"", b"rubbish", b"{}", None])
def test_a_damaged_folder_is_named(
    kind: DetectorKind, detector: Detector, tmp_path: Path, file: str, content: bytes | None
) -> None:
    detector.save(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(StoreError, match=str(tmp_path)):
        kind.load(tmp_path)


@every_kind
def test_another_detectors_folder_is_refused(kind: DetectorKind, fitted: dict[str, Detector], tmp_path: Path) -> None:
    other = next(name for name in fitted if name != kind.name)
    fitted[other].save(tmp_path)
    with pytest.raises(StoreError, match=f"holds '{other}' of form 1; '{kind.name}' of form 1 is wanted"):
        kind.load(tmp_path)


@every_kind
def test_the_fewest_normals_are_enough_and_one_less_is_not(kind: DetectorKind) -> None:
    few = kind.fit(NORMALS[:FEWEST_NORMALS], kind.settings())
    assert np.isfinite(few.score(OTHERS)).all()
    with pytest.raises(DataError, match=f"{FEWEST_NORMALS - 1} normal pictures to learn from; .* at least"):
        kind.fit(NORMALS[: FEWEST_NORMALS - 1], kind.settings())


@every_kind
def test_normals_that_are_all_the_same_picture_give_numbers(kind: DetectorKind) -> None:
    grey = np.full((5, SIDE, SIDE), 0.5, np.float32)
    detector = kind.fit(grey, kind.settings())
    normal, abnormal = detector.score(grey), detector.score(with_blob(grey))
    assert np.isfinite([normal, abnormal]).all()
    assert (abnormal > normal).all()


@every_kind
def test_what_is_no_picture_is_refused(kind: DetectorKind, detector: Detector) -> None:
    hole = OTHERS.copy()
    hole[3, 5, 5] = np.nan
    for call in (detector.score, detector.heatmap, lambda images: kind.fit(images, kind.settings())):
        with pytest.raises(InputError, match="no numbers"):
            call(hole)
        with pytest.raises(InputError, match="a stack of squares"):
            call(OTHERS[0])
        with pytest.raises(InputError, match=r"values in \[0, 1\] are wanted"):
            call(OTHERS * 255)
    with pytest.raises(InputError, match=f"32 px; this model was made with {SIDE} px"):
        detector.score(OTHERS[:, :32, :32])


@every_kind
def test_settings_of_another_kind_are_refused(kind: DetectorKind) -> None:
    with pytest.raises(InputError, match=f"{kind.name} takes {kind.settings.__name__}, not Settings"):
        kind.fit(NORMALS, Settings())
    with pytest.raises(ValidationError):
        kind.settings.model_validate({"side": 0})


@every_kind
def test_it_says_how_far_it_is(kind: DetectorKind) -> None:
    said: list[tuple[int, int, str]] = []
    detector = kind.fit(NORMALS, kind.settings(), progress=lambda *how_far: said.append(how_far))
    detector.score(OTHERS, progress=lambda *how_far: said.append(how_far))
    detector.heatmap(OTHERS, progress=lambda *how_far: said.append(how_far))
    assert len(said) >= 3
    assert all(0 < done <= total and what for done, total, what in said)
    assert said[-1][:2] == (30, 30)


@every_kind
def test_nothing_to_judge_is_no_error(kind: DetectorKind, detector: Detector) -> None:
    assert detector.score(OTHERS[:0]).shape == (0,)
    assert detector.heatmap(OTHERS[:0]).shape == (0, SIDE, SIDE)


EVERY_SETTING = [(kind, name) for kind in DETECTORS.values() for name in kind.settings.model_fields]


@pytest.mark.parametrize(("kind", "name"), EVERY_SETTING, ids=[f"{kind.name}-{name}" for kind, name in EVERY_SETTING])
def test_every_setting_changes_the_scores(kind: DetectorKind, name: str) -> None:
    few = {"rank": 8, "samples": 200}  # so few that more, or others, can be had of forty pictures
    usual = kind.settings(**{field: value for field, value in few.items() if field in kind.settings.model_fields})
    one, other = (kind.fit(NORMALS, settings).score(OTHERS) for settings in (usual, with_other(usual, name)))
    assert not np.array_equal(one, other)
