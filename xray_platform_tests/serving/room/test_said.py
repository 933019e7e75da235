"""A reader says age, sex and view of a file that does not state them; of a stored image its row does."""

from collections.abc import Iterator
from hashlib import sha256

import cv2
import numpy as np
import pytest
from pydicom import dcmread

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.predict import Predictor
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.serving.http.serving import Running, form, server
from xray_platform_tests.serving.room.conftest import Open
from xray_platform_tests.serving.told import told_bundle

TAGS = ("PatientAge", "PatientSex", "ViewPosition", "PatientPosition", "PatientBirthDate")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> ModelLocation:
    bundle = told_bundle(tmp_path_factory.mktemp("room") / "told")
    return ModelLocation(bundle.folder, bundle.id, "4")


@pytest.fixture
def running(told: ModelLocation, places: Places) -> Iterator[Running]:
    with server(lambda: told, store=places) as opened:
        yield opened


@pytest.fixture(scope="module")
def alone(told: ModelLocation) -> Predictor:
    return Predictor.load(told.folder, threads=1)


@pytest.fixture
def png() -> bytes:
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:280j])
    grey = 200 * np.exp(-place) + np.random.default_rng(0).integers(0, 30, place.shape)
    return cv2.imencode(".png", grey.astype(np.uint8))[1].tobytes()


def test_a_dropped_image_is_judged_with_what_its_reader_says(running: Running, alone: Predictor, png: bytes) -> None:
    body, headers = form(png)
    said = b'--x7f3a\r\nContent-Disposition: form-data; name="age"\r\n\r\n63\r\n'
    opened = running.ask("POST", "/room/images", said + body, headers).json
    expected = alone.predict(png, said=ClinicalFacts(63.0)).score
    assert opened["prediction"]["score"] == pytest.approx(expected, abs=1e-5)
    assert [one["words"] for one in opened["warnings"] if one["code"] == "columns"] == [
        "sex and view not stated; judged without"
    ]
    assert opened["model"]["clinical_columns"] == ["age", "sex", "view"]
    refused = running.ask("POST", "/room/images?sex=MUELLER", png)
    assert (refused.status, refused.json["error"]["code"]) == (422, "sex")
    assert running.engine.admission.taken == 0


def test_a_stored_image_is_judged_with_what_its_row_states(running: Running, alone: Predictor, places: Places) -> None:
    rows = IMAGES.read(places).sort_values("image", ignore_index=True)
    row = rows.iloc[0]
    path = places.processed / str(row["file"])
    dataset = dcmread(path)
    for tag in TAGS:
        if tag in dataset:
            del dataset[tag]
    path.chmod(0o600)
    dataset.save_as(path)
    bare = path.read_bytes()
    rows.loc[0, "file_sha256"] = sha256(bare).hexdigest()
    IMAGES.write(places, rows, str(row["batch"]))
    opened = running.ask("POST", f"/room/worklist/{row['image']}").json
    facts = ClinicalFacts(float(row["age_years"]), str(row["sex"]), str(row["view_position"]))
    assert opened["prediction"]["score"] == pytest.approx(alone.predict(bare, said=facts).score, abs=1e-5)
    assert opened["prediction"]["score"] != pytest.approx(alone.predict(bare).score, abs=1e-4)
    assert not [one for one in opened["warnings"] if one["code"] == "columns"]
    assert not [note for note in opened["model"]["notes"] if "not used" in note]


def test_a_model_that_takes_none_says_so_of_a_dropped_image_alone(room: Open, places: Places, png: bytes) -> None:
    with room() as running:
        opened = running.ask("POST", "/room/images?age=63", png).json
        assert "attention_cnn takes no clinical columns; what is said of age is not used" in opened["model"]["notes"]
        listed = running.ask("POST", f"/room/worklist/{IMAGES.read(places)['image'].iloc[0]}").json
        assert not [note for note in listed["model"]["notes"] if "not used" in note]
