"""Gallery: it shows the worst mistakes, a ladder of the right verdicts, and each picture once."""

import base64
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xray_platform.bounding_box import BoundingBox
from xray_platform.errors import InputError
from xray_platform.evaluation.gallery import (
    BOX_COLOUR,
    KINDS,
    LARGE_SIDE,
    SHOWN_SIDE,
    Samples,
    ShownBox,
    cards,
    pick_pictures,
    write_pictures,
)
from xray_platform.evaluation.heatmap import MapScale
from xray_platform.evaluation.map_in_boxes import FindingBox
from xray_platform_tests.evaluation.invented import evaluation, samples

SCALE = MapScale(low=0.5, high=0.9)


def test_the_worst_mistakes_are_shown_first() -> None:
    model = evaluation(400)
    test = model.part("test")
    missed = test[test["abnormal"] & (test["verdict"] == "normal")].nsmallest(3, "score")["image"].tolist()
    alarms = test[~test["abnormal"] & (test["verdict"] == "abnormal")].nlargest(3, "score")["image"].tolist()
    picked = pick_pictures(model, 3)
    assert picked[:3] == missed
    assert picked[3:6] == alarms


def test_right_verdicts_are_a_ladder_from_sure_to_unsure() -> None:
    model = evaluation(400)
    score = model.rows.set_index("image")["score"]
    found, cleared = (score[pick_pictures(model, 4)[start : start + 4]].tolist() for start in (8, 12))
    assert found == sorted(found, reverse=True)
    assert cleared == sorted(cleared)
    test = model.part("test")
    right = test[test["abnormal"] & (test["verdict"] == "abnormal")]["score"]
    assert (found[0], found[-1]) == (right.max(), right.min())


def test_every_picture_is_a_test_picture_and_picked_once() -> None:
    model = evaluation(90)
    picked = pick_pictures(model, 50)
    assert sorted(picked) == sorted(model.part("test")["image"])


def test_cards_follow_the_order_and_leave_strangers_out() -> None:
    model = evaluation(400)
    shown = samples(model)
    known = Samples((*shown.names, "f" * 16), np.concatenate([shown.images, shown.images[:1]]))
    laid = cards(model, known, None)
    assert [card.name for kind in laid.values() for card in kind] == list(shown.names)
    assert all(card.overlay == "" for kind in laid.values() for card in kind)


def test_each_card_names_its_finding_and_a_mistake_is_told_in_a_sentence() -> None:
    model = evaluation(400)
    shown = samples(model)
    test = model.part("test").set_index("image")
    known = {name: "pneumothorax" for name in shown.names if test.loc[name, "abnormal"]}
    laid = cards(model, shown, None, known)
    for kind in KINDS:
        assert {card.finding for card in laid[kind.name]} == {"pneumothorax" if kind.abnormal else "normal"}
    missed, alarm = laid["false_negative"][0], laid["false_positive"][0]
    below = f"{model.threshold.value - missed.score:.4g}"
    assert missed.caption == f"Missed: pneumothorax, called normal, {below} below the threshold."
    assert alarm.caption.startswith("False alarm: normal, called abnormal, ")
    assert alarm.caption.endswith(" above the threshold.")


def test_pictures_come_as_small_jpeg_mistakes_larger_and_as_whole_png(tmp_path: Path) -> None:
    model = evaluation(400)
    shown = samples(model, side=600)
    dealt = cards(model, shown, SCALE)
    card = dealt["false_negative"][0]
    for side, one in ((LARGE_SIDE, card), (SHOWN_SIDE, dealt["true_positive"][0])):
        for address in (one.picture, one.overlay):
            kind, data = address.split(",")
            assert kind == "data:image/jpeg;base64"
            assert Image.open(BytesIO(base64.b64decode(data))).size == (side, side)
    for folder in ("images", "heatmaps"):
        (tmp_path / folder).mkdir()
    write_pictures(tmp_path, shown, SCALE)
    with Image.open(tmp_path / "images" / f"{card.name}.png") as whole:
        assert (whole.size, whole.mode) == ((600, 600), "L")
        assert np.array_equal(np.asarray(whole), np.round(shown.images[shown.names.index(card.name)] * 255))
    with Image.open(tmp_path / "heatmaps" / f"{card.name}.png") as laid:
        assert (laid.size, laid.mode) == ((600, 600), "RGB")


@pytest.mark.parametrize(
    ("names", "shape", "maps"),
    [(2, (1, 8, 8), None), (1, (1, 8), None), (1, (1, 8, 8), (1, 4, 4)), (1, (1, 8, 8), (2, 8, 8))],
)
def test_pictures_maps_and_names_must_belong_together(
    names: int, shape: tuple[int, ...], maps: tuple[int, ...] | None
) -> None:
    with pytest.raises(InputError, match="do not belong together"):
        Samples(("a",) * names, np.zeros(shape, np.float32), None if maps is None else np.zeros(maps, np.float32))


def test_boxes_are_drawn_around_what_they_hold_and_stand_on_the_card(tmp_path: Path) -> None:
    model = evaluation(400)
    shown = samples(model)
    name = shown.names[0]
    boxed = replace(shown, boxes={name: (FindingBox("mass", BoundingBox(6, 3, 12, 9)),)})
    listed = {card.name: card.boxes for kind in cards(model, boxed, SCALE).values() for card in kind}
    assert listed[name] == (ShownBox("mass", 25.0, 12.5, 50.0, 37.5),)
    assert all(not boxes for other, boxes in listed.items() if other != name)
    for folder in ("images", "heatmaps"):
        (tmp_path / folder).mkdir()
    write_pictures(tmp_path, boxed, SCALE)
    drawn = np.asarray(Image.open(tmp_path / "heatmaps" / f"{name}.png"))
    line = np.argwhere((drawn == BOX_COLOUR).all(axis=-1))
    assert (line.min(axis=0).tolist(), line.max(axis=0).tolist()) == ([6, 3], [17, 11])
    assert len(line) == 2 * (12 + 9) - 4, "a line of one pixel; what lies inside is seen"
