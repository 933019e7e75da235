"""A client says age, sex and view of its images: in the address or in its form, for all or for each."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.http.settings import ServeSettings
from xray_platform.serving.predict import Predictor
from xray_platform_tests.serving.http.serving import Answer, Running, form, server
from xray_platform_tests.serving.told import COLUMNS, told_bundle

ALL = "?age=63&sex=F&view=AP"
KNOWN = ClinicalFacts(63.0, "F", "AP")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> ModelLocation:
    made = told_bundle(tmp_path_factory.mktemp("said") / "bundle")
    return ModelLocation(made.folder, made.id, "7")


@pytest.fixture(scope="module")
def told(bundle: ModelLocation) -> Iterator[Running]:
    with server(lambda: bundle, ServeSettings(readers=1, max_images=3)) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_stays_behind(told: Running) -> Iterator[None]:
    yield
    assert (told.engine.admission.taken, told.engine.admission.held_bytes) == (0, 0)


@pytest.fixture(scope="module")
def png() -> bytes:
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:280j])
    grey = 200 * np.exp(-place) + np.random.default_rng(0).integers(0, 30, place.shape)
    return cv2.imencode(".png", grey.astype(np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def alone(bundle: ModelLocation) -> Predictor:
    return Predictor.load(bundle.folder, threads=1)


def ask(running: Running, *images: bytes, query: str = "", fields: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Send a form; its fields stand behind its images."""
    body, headers = form(*images)
    parts = [f'--x7f3a\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields]
    end = b"--x7f3a--\r\n"
    whole = body.removesuffix(end) + "".join(parts).encode() + end
    return running.ask("POST", f"/v1/predictions{query}", whole, headers)


def columns_of(image: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["words"] for one in image["warnings"] if one["code"] == "columns"]


def test_an_image_alone_is_judged_with_what_the_address_says(told: Running, alone: Predictor, png: bytes) -> None:
    (known,) = told.judge(png, ALL).json["images"]
    (unknown,) = told.judge(png).json["images"]
    assert known["score"] == pytest.approx(alone.predict(png, said=KNOWN).score, abs=1e-5)
    assert unknown["score"] == pytest.approx(alone.predict(png).score, abs=1e-5)
    assert known["score"] != pytest.approx(unknown["score"], abs=1e-3)
    assert columns_of(known) == []
    assert columns_of(unknown) == ["age and sex and view not stated; judged without"]


def test_a_form_says_it_in_fields_before_or_behind_its_images(told: Running, alone: Predictor, png: bytes) -> None:
    answer = ask(told, png, fields=(("age", "063Y"), ("sex", "f"), ("view", "ap")))
    assert answer.status == 200
    assert answer.json["images"][0]["score"] == pytest.approx(alone.predict(png, said=KNOWN).score, abs=1e-5)
    body, headers = form(png)
    field = b'--x7f3a\r\nContent-Disposition: form-data; name="age"\r\n\r\n63\r\n'
    (before,) = told.ask("POST", "/v1/predictions?sex=F&view=AP", field + body, headers).json["images"]
    assert before["score"] == answer.json["images"][0]["score"]


@pytest.mark.parametrize("query", [True, False])
def test_it_is_said_once_for_all_or_once_for_each_in_order(
    told: Running, alone: Predictor, png: bytes, query: bool
) -> None:
    values = (("age", "63"), ("age", ""), ("sex", "F"))
    address = "?" + "&".join(f"{name}={value}" for name, value in values)
    answer = ask(told, png, png, query=address) if query else ask(told, png, png, fields=values)
    first, second = (image["score"] for image in answer.json["images"])
    assert first == pytest.approx(alone.predict(png, said=ClinicalFacts(63.0, "F")).score, abs=1e-5)
    assert second == pytest.approx(alone.predict(png, said=ClinicalFacts(None, "F")).score, abs=1e-5)


def test_what_the_header_states_counts_and_the_other_is_told(
    told: Running, alone: Predictor, sound: list[Path]
) -> None:
    data = sound[0].read_bytes()
    (image,) = told.judge(data, "?age=1&sex=").json["images"]
    assert image["score"] == pytest.approx(alone.predict(data).score, abs=1e-5)
    assert columns_of(image) == ["age said otherwise than the header states; the header counts"]


def test_a_model_that_takes_nothing_of_it_says_so(told: Running, served: Running, png: bytes) -> None:
    assert told.judge(png, ALL).json["notes"] == []
    answer = served.judge(png, ALL)
    assert answer.status == 200
    assert answer.json["notes"] == [
        "attention_cnn takes no clinical columns; what is said of age and sex and view is not used"
    ]
    assert answer.json["images"] == served.judge(png).json["images"]


def test_a_client_can_ask_which_columns_the_model_takes(told: Running, served: Running, png: bytes) -> None:
    assert told.get("/v1/models").json["serving"]["clinical_columns"] == list(COLUMNS)
    assert told.judge(png).json["model"]["clinical_columns"] == list(COLUMNS)
    assert served.get("/v1/models").json["serving"]["clinical_columns"] == []


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("age", "200", "years from 0 to below 150 (63 or 0.5)"),
        ("age", "-1", "years from 0 to below 150"),
        ("sex", "MUELLER", "M, F, O, as DICOM writes it"),
        ("view", "MUELLER", "AP, PA, LL, RL, RLD, LLD, RLO, LLO, LAT, LATERAL"),
        ("view", "%00", "AP, PA"),
    ],
)
@pytest.mark.parametrize("query", [True, False])
def test_a_value_that_is_not_allowed_is_told_without_being_quoted(
    told: Running, png: bytes, name: str, value: str, allowed: str, query: bool
) -> None:
    answer = told.judge(png, f"?{name}={value}") if query else ask(told, png, fields=((name, value),))
    assert answer.status == 422
    assert answer.json["error"]["code"] == name
    assert answer.json["error"]["words"].startswith(f"what is said of {name} is not allowed; allowed: {allowed}")
    assert "MUELLER" not in answer.body.decode() + "".join(told.log)


def test_another_number_of_values_than_of_images_is_told(told: Running, png: bytes) -> None:
    for answer in (ask(told, png, png, png, query="?age=1&age=2"), told.judge(png, "?age=1&age=2")):
        assert (answer.status, answer.json["error"]["code"]) == (422, "age")
        assert "age is said 2 times of" in answer.json["error"]["words"]


def test_what_is_said_in_two_places_is_not_guessed(told: Running, png: bytes) -> None:
    answer = ask(told, png, query="?sex=F", fields=(("sex", "M"),))
    assert (answer.status, answer.json["error"]["code"]) == (422, "sex")
    assert "in the address and in the form" in answer.json["error"]["words"]


def test_fields_cannot_fill_the_memory(told: Running, png: bytes) -> None:
    answer = ask(told, png, fields=(("age", "6" * 100_000),))
    assert (answer.status, answer.json["error"]["code"]) == (413, "too_large")
    answer = ask(told, png, fields=(("age", "63"),) * 4)
    assert (answer.status, answer.json["error"]["code"]) == (413, "too_many")


def test_a_file_field_that_is_called_like_a_column_is_an_image(told: Running, png: bytes) -> None:
    body, headers = form(png)
    answer = told.ask("POST", "/v1/predictions", body.replace(b'name="images"', b'name="age"'), headers)
    assert answer.status == 200
    assert columns_of(answer.json["images"][0]) == ["age and sex and view not stated; judged without"]


def test_the_description_says_what_may_be_said(told: Running) -> None:
    post = told.get("/openapi.json").json["paths"]["/v1/predictions"]["post"]
    address = {one["name"]: one["description"] for one in post["parameters"] if one["name"] in COLUMNS}
    in_form = post["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(address) == set(COLUMNS)
    for name, words in address.items():
        assert in_form[name]["description"] == words
    assert "years from 0 to below 150" in address["age"]
    assert "M, F, O" in address["sex"]
    assert "AP, PA, LL" in address["view"]
