"""Every detector of the table keeps the contract: these tests run for a new one from the moment it stands there."""

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.backbone import BackboneSettings
from xray_platform.detectors.contract import FEWEST_NORMALS, Detector, DetectorKind
from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.image_stack import Scores
from xray_platform.settings import Settings
from xray_platform_tests.detectors.chests import BLOB_COLUMN, BLOB_ROW, SIDE, chests, with_blob
from xray_platform_tests.other_values import with_other

NORMALS = chests(40, seed=1)
OTHERS = chests(30, seed=2)

every_kind = pytest.mark.parametrize("kind", DETECTORS.values(), ids=DETECTORS)


def quick(kind: DetectorKind, **changes: Any) -> Settings:
    """Return the settings for made-up pictures, which are small and smooth."""
    return kind.settings.model_validate({**kind.quick, **changes})


@pytest.fixture(scope="module")
def fitted() -> dict[str, Detector]:
    return {name: kind.fit(NORMALS, quick(kind)) for name, kind in DETECTORS.items()}


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
def test_its_file_names_its_source(kind: DetectorKind) -> None:
    """Whoever reads a detector's file learns whose method it is: a publication by its year or its number."""
    said = str(sys.modules[kind.detector.__module__].__doc__)
    assert re.search(r"arXiv \d{4}\.\d{5}|\b(19|20)\d\d\b", said)


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
def test_another_detectors_folder_is_refused(kind: DetectorKind, fitted: dict[str, Detector], tmp_path: Path) -> None:
    other = next(name for name in fitted if name != kind.name)
    fitted[other].save(tmp_path)
    with pytest.raises(StoreError, match=f"holds '{other}' of form 1; '{kind.name}' of form 1 is wanted"):
        kind.load(tmp_path)


@every_kind
def test_the_fewest_normals_are_enough_and_one_less_is_not(kind: DetectorKind) -> None:
    few = kind.fit(NORMALS[:FEWEST_NORMALS], quick(kind))
    assert np.isfinite(few.score(OTHERS)).all()
    with pytest.raises(DataError, match=f"{FEWEST_NORMALS - 1} normal pictures to learn from; .* at least"):
        kind.fit(NORMALS[: FEWEST_NORMALS - 1], quick(kind))


@every_kind
def test_normals_that_are_all_the_same_picture_give_numbers(kind: DetectorKind) -> None:
    grey = np.full((5, SIDE, SIDE), 0.5, np.float32)
    detector = kind.fit(grey, quick(kind))
    normal, abnormal = detector.score(grey), detector.score(with_blob(grey))
    assert np.isfinite([normal, abnormal]).all()
    assert (abnormal > normal).all()


@every_kind
def test_what_is_no_picture_is_refused(kind: DetectorKind, detector: Detector) -> None:
    hole = OTHERS.copy()
    hole[3, 5, 5] = np.nan
    for call in (detector.score, detector.heatmap, lambda images: kind.fit(images, quick(kind))):
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


UNHEEDED = {"threads", "landmarks", *BackboneSettings.model_fields}
"""How fast it learns; and what counts with another solver, or a borrowed network, alone, for which see their tests."""
EVERY_SETTING = [
    (kind, name) for kind in DETECTORS.values() for name in sorted(set(kind.settings.model_fields) - UNHEEDED)
]


@cache
def usual(name: str) -> tuple[Settings, Scores]:
    """Return settings of a kind, so few that more, or others, can be had of forty pictures, and what they score."""
    few = {"rank": 8, "samples": 200, "pictures": 36, "memory": 30, "epochs": 2}
    kind = DETECTORS[name]
    settings = quick(kind, **{field: value for field, value in few.items() if field in kind.settings.model_fields})
    return settings, kind.fit(NORMALS, settings).score(OTHERS)


@pytest.mark.parametrize(("kind", "name"), EVERY_SETTING, ids=[f"{kind.name}-{name}" for kind, name in EVERY_SETTING])
def test_every_setting_changes_the_scores(kind: DetectorKind, name: str) -> None:
    settings, scores = usual(kind.name)
    assert not np.array_equal(kind.fit(NORMALS, with_other(settings, name)).score(OTHERS), scores)
