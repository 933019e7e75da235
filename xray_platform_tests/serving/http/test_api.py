"""The API as a client sees it, over true HTTP."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.http.settings import ServeSettings
from xray_platform.serving.predict import Predictor
from xray_platform_tests.pngs import grey_of
from xray_platform_tests.serving.http.serving import Running, form, server

FIELDS = {
    "label", "probability", "score", "threshold", "threshold_probability", "uncertainty", "quality", "warnings",
    "heatmap", "classes", "distance", "distance_limit",
}  # fmt: skip


def test_an_image_gets_what_the_predictor_says(served: Running, location: ModelLocation, sound: list[Path]) -> None:
    data = sound[0].read_bytes()
    answer = served.judge(data)
    assert answer.status == 200
    (image,) = answer.json["images"]
    alone = Predictor.load(location.folder, threads=1).predict(data)
    assert set(image) == FIELDS
    assert image["score"] == pytest.approx(alone.score, abs=1e-5)
    assert image["probability"] == pytest.approx(alone.probability, abs=1e-5)
    assert (image["label"], image["threshold"]) == (alone.verdict, alone.threshold)
    assert 0 <= image["uncertainty"] <= 1
    assert image["heatmap"] is None
    assert answer.json["model"]["name"] == "attention_cnn"
    assert answer.json["model"]["version"] == "7"
    assert answer.json["model"]["bundle"] == location.bundle
    assert "not a medical device" in answer.json["notice"]


def test_a_heat_map_covers_the_image(served: Running, location: ModelLocation, sound: list[Path]) -> None:
    (image,) = served.judge(sound[0].read_bytes(), "?heatmap=true").json["images"]
    heatmap = image["heatmap"]
    png = grey_of(base64.b64decode(heatmap["png"]))
    assert png.shape == (heatmap["rows"], heatmap["columns"])
    assert png.dtype == np.uint8
    assert (heatmap["low"], heatmap["high"], heatmap["scale"]) == (0.0, 1.5, "model")
    assert len(heatmap["seen"]) == 4


def test_several_images_have_an_entry_each_in_order(served: Running, sound: list[Path]) -> None:
    body, headers = form(sound[0].read_bytes(), b"no image", sound[1].read_bytes())
    answer = served.ask("POST", "/v1/predictions", body, headers)
    assert answer.status == 200
    first, second, third = answer.json["images"]
    assert "label" in first
    assert "label" in third
    assert second == {"error": [{"code": "Q002", "words": "neither DICOM nor JPEG nor PNG"}]}


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "Q001"), (b"hello, this is a letter", "Q002"), (b"\x89PNG\r\n\x1a\n" + bytes(99), "Q0")]
)
def test_what_is_refused_has_the_rules_words(served: Running, data: bytes, code: str) -> None:
    answer = served.judge(data)
    assert answer.status == 422
    (image,) = answer.json["images"]
    assert all(found["code"].startswith("Q") and found["words"] for found in image["error"])
    assert image["error"][0]["code"].startswith(code)


def test_who_watches_is_told(served: Running) -> None:
    assert served.get("/healthz").json == {"status": "alive"}
    assert served.get("/readyz").json == {"status": "ready", "problem": ""}
    assert served.get("/v1/models").json["serving"]["version"] == "7"
    text = served.get("/metrics").body.decode()
    assert 'xray_model_info{model="attention_cnn",version="7"} 1.0' in text
    assert 'xray_requests_total{route="/healthz",status="200"}' in text


def test_the_description_has_examples_and_loads_nothing_from_elsewhere(served: Running) -> None:
    said = served.get("/openapi.json").json
    post = said["paths"]["/v1/predictions"]["post"]
    assert {"multipart/form-data", "application/dicom"} <= set(post["requestBody"]["content"])
    assert {"200", "413", "422", "429", "503"} <= set(post["responses"])
    assert said["components"]["schemas"]["Prediction"]["properties"]["probability"]["examples"] == [0.83]
    assert served.get("/docs").status == 404


def test_nothing_is_kept_by_browsers_or_proxies(served: Running) -> None:
    headers = served.get("/healthz").headers
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_the_log_holds_ids_times_and_codes_alone(served: Running, sound: list[Path]) -> None:
    served.log.clear()
    body, headers = form(sound[0].read_bytes(), name="MUELLER_ANNA_19620304.dcm")
    answer = served.ask("POST", "/v1/predictions?patient=MUELLER", body, headers)
    served.get("/MUELLER/ANNA")
    lines = [json.loads(line) for line in served.log]
    assert [set(line) for line in lines] == [{"at", "request", "method", "route", "status", "ms"}] * 2
    assert [(line["route"], line["status"]) for line in lines] == [("/v1/predictions", 200), ("none", 404)]
    assert lines[0]["request"] == answer.json["request"] == answer.headers["x-request-id"]
    assert "MUELLER" not in "".join(served.log) + answer.body.decode()


def test_without_a_champion_it_says_so(tmp_path: Path) -> None:
    with server(lambda: None, ServeSettings(readers=1)) as running:
        assert running.get("/readyz").status == 503
        answer = running.judge(b"x")
        assert answer.status == 503
        assert "no champion yet" in answer.json["error"]["words"]
