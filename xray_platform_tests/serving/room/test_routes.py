"""The reading room's addresses: what they tell, what they keep to themselves, and what becomes of a reading."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from xray_platform.dicom.deidentify.labels import labels_of
from xray_platform.dicom.intake.batch_plan import read_plan
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.dicom.intake.readings import Reading, read_lines
from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.tables.all import CATALOGUE, IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.serving.http.serving import Answer, Running
from xray_platform_tests.serving.room.conftest import Open

MINE = {"reader": "A. Reader", "label": "abnormal", "boxes": [[1, 2, 3, 4]]}


def answer(running: Running, opened: dict[str, Any], said: dict[str, Any]) -> Answer:
    return running.ask(
        "POST", f"/room/images/{opened['id']}/answer", json.dumps(said), {"content-type": "application/json"}
    )


def listed(running: Running, query: str = "") -> Any:
    return running.get(f"/room/worklist{query}").json


def test_an_image_comes_at_full_depth_with_all_that_is_said_of_it(room: Open, sound: list[Path]) -> None:
    data = sound[0].read_bytes()
    with room() as running:
        opened = running.ask("POST", "/room/images", data).json
        pixels = running.get(f"/room/images/{opened['id']}/pixels").body
        standard = read_picture(data)
        shown = np.frombuffer(pixels, "<u2").reshape(opened["rows"], opened["columns"])
        np.testing.assert_array_equal(shown, standard.pixels)
        assert opened["window"] == [standard.window_low, standard.window_high]
        said = opened["prediction"]
        assert (said["heatmap"]["rows"], said["heatmap"]["columns"]) == shown.shape
        assert opened["model"]["version"] == "3"
        assert opened["done"] == list(standard.done)


def test_blind_nothing_is_told_before_the_readers_own_answer(room: Open, sound: list[Path]) -> None:
    with room() as running:
        opened = running.ask("POST", "/room/images?blind=true", sound[0].read_bytes()).json
        assert opened["prediction"] is None
        assert not {"probability", "label"} & set(str(opened).replace("'", " ").split())
        assert all(set(one) == {"image", "read"} for one in listed(running, "?blind=true")["images"])
        said = answer(running, opened, {"label": "normal"}).json
        assert said["kept"] is False
        assert said["prediction"]["label"] in {"normal", "abnormal"}


def test_the_worklist_is_sorted_by_what_the_model_knows_least(room: Open, places: Places) -> None:
    with room() as running:
        came = listed(running)
        unsure = [one["uncertainty"] for one in came["images"]]
        assert unsure == sorted(unsure, reverse=True)
        assert came["total"] == len(IMAGES.read(places)) >= 4
        likely = [one["probability"] for one in listed(running, "?sort=probability")["images"]]
        assert likely == sorted(likely, reverse=True)
        names = [one["image"] for one in listed(running, "?sort=image&most=2")["images"]]
        assert names == sorted(IMAGES.read(places)["image"])[:2]


def test_a_reading_is_kept_and_becomes_a_label_of_the_next_training(room: Open, places: Places) -> None:
    truth = labels_of(places).frame.set_index("image")["abnormal"].dropna()
    with room() as running:
        image = str(truth.index[~truth.astype(bool)][0])
        for label in ("normal", "abnormal"):  # the last one counts
            opened = running.ask("POST", f"/room/worklist/{image}").json
            assert opened["image"] == image
            assert answer(running, opened, {**MINE, "label": label}).json["kept"] is True
        came = listed(running)
        assert came["waiting"] == 2
        assert [one["image"] for one in came["images"] if one["read"]] == [image]
        assert image not in {one["image"] for one in listed(running, "?unread=true")["images"]}
        (batch,) = running.ask("POST", "/room/hand-over").json["batches"]
        assert listed(running)["waiting"] == 0
        assert running.ask("POST", "/room/hand-over").json["batches"] == []
    readings = [line for line in read_lines(places) if isinstance(line, Reading)]
    assert [(one.reader, one.abnormal, one.boxes) for one in readings] == [
        ("A. Reader", False, ((1, 2, 3, 4),)),
        ("A. Reader", True, ((1, 2, 3, 4),)),
    ]
    plan = read_plan(places, batch)
    rows = take_in(places, plan)
    assert rows["intake"].tolist() == ["known"]
    CATALOGUE.write(places, rows, batch)
    labels = labels_of(places).frame.set_index("image")
    assert labels.loc[image, "label"] == "abnormal"
    assert bool(labels.loc[image, "abnormal"])


def test_what_the_labels_say_already_is_not_said_again(room: Open, places: Places) -> None:
    truth = labels_of(places).frame.set_index("image")["abnormal"].dropna()
    with room() as running:
        opened = running.ask("POST", f"/room/worklist/{truth.index[0]}").json
        label = "abnormal" if truth.iloc[0] else "normal"
        assert answer(running, opened, {**MINE, "label": label}).json["kept"] is True
        assert running.ask("POST", "/room/hand-over").json["batches"] == []
        assert listed(running)["waiting"] == 0


def test_a_line_that_somebody_else_wrote_is_not_taken(room: Open, places: Places) -> None:
    with room() as running:
        opened = running.ask("POST", f"/room/worklist/{listed(running)['images'][0]['image']}").json
        answer(running, opened, MINE)
        journal = places.raw / "readings.jsonl"
        assert journal.stat().st_mode & 0o077 == 0
        journal.write_text(journal.read_text().replace('"abnormal":true', '"abnormal":false'))
        refused = running.ask("POST", "/room/hand-over")
        assert refused.status == 409
        assert "line 1" in refused.json["error"]["words"]


def test_a_half_written_line_of_a_crash_is_no_line(room: Open, places: Places) -> None:
    with room() as running:
        opened = running.ask("POST", f"/room/worklist/{listed(running)['images'][0]['image']}").json
        answer(running, opened, MINE)
        with (places.raw / "readings.jsonl").open("ab") as file:
            file.write(b'{"kind":"rea')
        assert listed(running)["waiting"] == 1
        answer(running, opened, MINE)
        assert listed(running)["waiting"] == 2


def test_who_says_nothing_of_use_is_told_so(room: Open, places: Places) -> None:
    with room() as running:
        opened = running.ask("POST", f"/room/worklist/{listed(running)['images'][0]['image']}").json
        assert answer(running, opened, {"label": "normal"}).status == 422
        assert answer(running, opened, {"reader": "A", "label": "<b>"}).status == 422
        assert answer(running, {"id": "nobody"}, MINE).status == 404
        assert running.ask("POST", "/room/worklist/..%2F..%2Fraw").status == 404
        assert running.ask("POST", "/room/worklist/0000").status == 409
        assert running.get("/room/static/..%2Fwords.json").status == 404
    assert not (places.raw / "readings.jsonl").exists()


def test_an_image_that_was_swapped_is_not_shown(room: Open, places: Places) -> None:
    row = IMAGES.read(places).iloc[0]
    file = places.processed / row["file"]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes() + b" ")
    with room() as running:
        refused = running.ask("POST", f"/room/worklist/{row['image']}")
        assert (refused.status, "not what was published" in refused.json["error"]["words"]) == (409, True)


def test_with_a_token_the_page_opens_and_tells_nothing_until_it_is_shown(room: Open) -> None:
    token = "a token of the tests"  # noqa: S105 - of this test alone
    with room(token) as running:
        assert running.get("/").status == 200
        assert running.get("/room/worklist").status == 401
        assert running.ask("POST", "/v1/session", "wrong").status == 401
        known = running.ask("POST", "/v1/session", token)
        cookie = known.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert running.get("/room/worklist", Cookie=cookie.split(";")[0]).status == 200
        assert running.get("/room/worklist", Cookie="xray_session=other").status == 401
