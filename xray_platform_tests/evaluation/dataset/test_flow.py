"""Flow: nothing gets lost between the files received and the pictures of each part, and each loss has its reason."""

import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from xray_platform.evaluation.dataset.flow import NOT_EXAMINED, Flow, flow_of
from xray_platform.evaluation.dataset.flow_figure import LETTER, PAD, Box, Drawing, draw_flow
from xray_platform.evaluation.page import render
from xray_platform_tests.evaluation.dataset.invented_card import flow, tables


def reasons(found: Flow) -> dict[str, int]:
    return {gone.reason: gone.number for stage in found.stages for gone in stage.left_out}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("scored", [True, False])
def test_every_file_is_accounted_for(seed: int, scored: bool) -> None:
    found = flow(40 + 7 * seed, seed, scored=scored)
    for before, after in zip(found.stages, found.stages[1:], strict=False):
        assert before.number - sum(gone.number for gone in before.left_out) == after.number
        assert all(gone.number > 0 for gone in before.left_out)
    assert sum(part.pictures for part in found.parts) == found.stages[-1].number
    assert all(part.normal + part.abnormal == part.pictures for part in found.parts)


def test_the_numbers_are_those_of_the_tables() -> None:
    made, found = tables(), flow()
    said = reasons(found)
    by_rule = made["quality"].drop_duplicates("sha256")["severity"].value_counts()
    assert found.stages[0].number == 67
    assert said["could not be read"] == 2
    assert said["the same bytes once more"] == 5
    assert said["rejected, Q001: a file without bytes"] == by_rule["reject"]
    assert said["in quarantine, Q044: a lateral view"] == by_rule["quarantine"]
    assert said[NOT_EXAMINED] == 2
    assert said["no label"] == made["labels"]["label"].isna().sum()
    assert said["in no part of the data"] == 1
    assert said["not scored by this model"] == 3
    subjects = made["splits"].iloc[:-3].groupby("split")["subject"].nunique()
    assert [part.subjects for part in found.parts] == [subjects[name] for name in ("train", "val", "test")]


def test_a_file_with_two_rules_counts_once_with_the_gravest() -> None:
    assert not any("Q091" in reason for reason in reasons(flow()))


def test_a_file_that_was_read_at_last_is_not_unreadable() -> None:
    made = tables()
    first = made["catalogue"].head(1).assign(sha256=None)
    made["catalogue"] = pd.concat([first, made["catalogue"]], ignore_index=True)
    assert reasons(flow_of(**made, notices={}))["could not be read"] == 2


@pytest.mark.parametrize("phone", [True, False])
def test_the_diagram_holds_its_words_and_no_box_lies_on_another(phone: bool) -> None:
    drawn = draw_flow(flow(notices={"Q001": "a very long reason " * 12}), phone=phone)
    for box in drawn.boxes:
        assert box.x >= 0
        assert box.x + box.width <= drawn.width
        assert box.y + box.height <= drawn.height
        assert all(len(line.text) * LETTER <= box.width - 2 * PAD + LETTER for line in box.lines)
        assert all(box.y < line.y < box.y + box.height for line in box.lines)
    assert not [pair for pair in _pairs(drawn) if _overlap(*pair)]


def test_the_picture_is_xml_and_believes_no_word() -> None:
    hostile = '</text><script>alert("x")</script>'
    text = render("flow.svg", alone=draw_flow(flow(notices={"Q001": hostile}))).strip()
    tree = ET.fromstring(text)  # noqa: S314 - our own text
    assert not [one for one in tree.iter() if one.tag.endswith("script")]
    assert any('alert("x")' in (one.text or "") for one in tree.iter())


def test_an_empty_store_has_a_flow_of_nothing() -> None:
    made = {name: frame.head(0) for name, frame in tables().items()}
    found = flow_of(**made, notices={})
    assert {stage.number for stage in found.stages} == {0}
    assert not found.parts
    assert draw_flow(found).title.startswith("Flow: 0 files received")


def _pairs(drawn: Drawing) -> list[tuple[Box, Box]]:
    return [(one, other) for place, one in enumerate(drawn.boxes) for other in drawn.boxes[place + 1 :]]


def _overlap(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not beside and one.y < other.y + other.height and other.y < one.y + one.height
