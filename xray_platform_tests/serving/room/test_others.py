"""Other images beside the open one: of the same subject with the days between, similar normal ones, laid over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from xray_platform.models.embedding import embed
from xray_platform.serving.bundle import write_bundle
from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.reference import reference_of
from xray_platform.serving.room.words import shipped_words
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.serving.bundles import facts, network, pictures
from xray_platform_tests.serving.http.serving import Running, server
from xray_platform_tests.serving.room.conftest import Open


@pytest.fixture
def names(places: Places) -> list[str]:
    """The store's images; the first three are of one subject, at three dates of which one is unknown."""
    rows = IMAGES.read(places).sort_values("image", ignore_index=True)
    dates = ["2024-03-01", "2024-01-30", None, *rows["study_date"][3:]]
    subjects = [rows["subject"][0]] * 3 + list(rows["subject"][3:])
    IMAGES.write(places, rows.assign(study_date=dates, subject=subjects), str(rows["batch"][0]))
    return [str(image) for image in rows["image"]]


@pytest.fixture
def room(places: Places, tmp_path: Path, names: list[str]) -> Open:
    """Return what opens a reading room whose model remembers having learnt from the fourth and the fifth image."""
    learnt = embed(network(), pictures(2))
    reference = reference_of(names[3:5], np.array([False, True]), learnt, learnt)
    bundle = write_bundle(tmp_path / "known", facts(), network(), reference)

    @contextmanager
    def opened() -> Iterator[Running]:
        found = ModelLocation(bundle.folder, bundle.id, "4")
        with server(lambda: found, store=places, words=shipped_words()) as running:
            yield running

    return opened


def test_images_of_the_subject_come_with_the_days_between_and_what_was_said(room: Open, names: list[str]) -> None:
    with room() as running:
        opened = running.ask("POST", f"/room/worklist/{names[0]}").json
        others = running.get(f"/room/images/{opened['id']}/others").json
        assert [(one["image"], one["days"]) for one in others["subject"]] == [(names[1], -31), (names[2], None)]
        assert all(0 <= one["probability"] <= 1 for one in others["subject"])
        assert [one["image"] for one in others["similar"]] == [names[3]], "the normal one"


def test_blind_they_come_without_what_was_said(room: Open, names: list[str]) -> None:
    with room() as running:
        opened = running.ask("POST", f"/room/worklist/{names[0]}?blind=true").json
        others = running.get(f"/room/images/{opened['id']}/others").json
        assert [one["image"] for one in others["subject"]] == names[1:3]
        assert {one["probability"] for one in others["subject"]} == {None}
        assert {one["verdict"] for one in others["subject"]} == {None}
        assert others["similar"] == []


def test_a_dropped_image_has_no_subject(room: Open, names: list[str], sound: list[Path]) -> None:
    with room() as running:
        opened = running.ask("POST", "/room/images", sound[0].read_bytes()).json
        assert running.get(f"/room/images/{opened['id']}/others").json["subject"] == []
        assert names


def test_another_image_comes_in_the_size_and_greys_of_the_open_one(room: Open, names: list[str]) -> None:
    with room() as running:
        opened = running.ask("POST", f"/room/worklist/{names[0]}").json
        own = running.get(f"/room/images/{opened['id']}/beside/{names[0]}")
        pixels = running.get(f"/room/images/{opened['id']}/pixels").body
        assert own.headers["x-registered"] == "true"
        laid, shown = (np.frombuffer(body, "<u2").astype(float) for body in (own.body, pixels))
        assert np.abs(laid - shown).mean() < 0.01 * (opened["window"][1] - opened["window"][0])
        other = running.get(f"/room/images/{opened['id']}/beside/{names[1]}")
        assert len(other.body) == len(pixels)
        assert running.get(f"/room/images/{opened['id']}/beside/{'0' * 16}").status == 409
        assert running.get(f"/room/images/nothing/beside/{names[1]}").status == 404


def test_beyond_the_limit_the_api_warns_or_refuses(room: Open, names: list[str], sound: list[Path]) -> None:
    data = sound[0].read_bytes()
    with room() as running:
        (said,) = running.ask("POST", "/v1/predictions", data).json["images"]
        assert said["distance"] > said["distance_limit"], "a phantom among noise"
        assert said["warnings"][0]["code"] == "distance"
        assert names
