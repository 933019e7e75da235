"""Checklist: every item is there, answered by what is known and by nothing else."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from xray_platform.evaluation.dataset.checklist import Checklist, checklists
from xray_platform.evaluation.dataset.checklist_answers import answers
from xray_platform.evaluation.dataset.description import DatasetDescription, ReferenceStandard
from xray_platform.evaluation.dataset.example import EXAMPLE
from xray_platform.evaluation.evaluate import evaluate
from xray_platform.evaluation.report import CARD_FILE, CHECKLISTS_FILE, FLOW_FILE, write_report
from xray_platform_tests.evaluation.dataset.invented_card import card
from xray_platform_tests.evaluation.invented import QUICK, scores
from xray_platform_tests.evaluation.test_report import ATTACK, Page, whole

PERSON = "DOE^JANE <b>1950-01-01</b>"
PEOPLE_ALONE = {"3", "4", "5", "14", "15", "16", "17", "18", "21", "34", "41", "43", "44"}
"""Items of CLAIM that nobody but people can answer."""


def asked(described: DatasetDescription) -> tuple[Checklist, Checklist]:
    claim, stard = checklists(answers(whole(), card(described)))
    return claim, stard


def status(found: Checklist) -> dict[str, str]:
    return {one.item.number: one.answer.status for one in found.items}


def test_the_items_are_those_of_the_checklists() -> None:
    claim, stard = asked(DatasetDescription())
    assert [one.item.number for one in claim.items] == [str(number) for number in range(1, 45)]
    numbers = [one.item.number for one in stard.items if one.item.number != "AI"]
    assert [int(re.sub(r"\D", "", number)) for number in numbers] == sorted(
        int(re.sub(r"\D", "", number)) for number in numbers
    )
    assert {int(re.sub(r"\D", "", number)) for number in numbers} == set(range(1, 31))
    assert {"10a", "10b", "12a", "12b", "13a", "13b", "21a", "21b"} <= set(numbers)


def test_what_only_people_know_is_not_reported_where_they_said_nothing() -> None:
    claim, _ = asked(DatasetDescription())
    missing = {number for number, word in status(claim).items() if word == "not reported"}
    assert missing >= PEOPLE_ALONE
    assert status(claim)["7"] == status(claim)["8"] == "in part"


def test_what_they_said_is_the_answer_word_for_word() -> None:
    said = DatasetDescription.model_validate(yaml.safe_load(EXAMPLE))
    claim, _ = asked(said)
    found = {one.item.number: one.answer for one in claim.items}
    assert found["14"].text == said.reference_standard.definition
    assert found["44"].text == "none"
    assert not {number for number in PEOPLE_ALONE - {"17", "41"} if found[number].status != "reported"}
    assert found["17"].status == found["41"].status == "not reported"  # the example leaves both out


def test_figures_in_answers_are_those_of_the_report() -> None:
    report = whole()
    claim, _ = checklists(answers(report, card()))
    found = {one.item.number: one.answer.text for one in claim.items}
    assert f"{report.evaluation.value('auroc'):.3f}" in found["37"]
    assert f"{report.evaluation.value('sensitivity'):.3f}" in found["38"]
    assert "None: pictures of every origin of the test part were learnt from too." in found["33"]
    assert "67 files received" in found["35"]


def test_fairness_is_answered_by_the_groups_that_were_told_apart() -> None:
    report = whole()
    rows = scores().assign(sex=["F" if row % 4 < 2 else "M" for row in range(400)])
    both = evaluate(rows, QUICK).subgroups
    told = replace(report, evaluation=replace(report.evaluation, subgroups=both))
    asked = [checklists(answers(one, card()))[1] for one in (report, told)]
    without, found = (next(one.answer for one in each.items if "fairness" in one.item.asks) for each in asked)
    assert without.status == "not reported"
    assert found.status == "in part"
    assert found.text == "Figures of the test part by sex."
    assert found.missing == "age"


def test_an_origin_that_was_only_tested_is_external() -> None:
    given = card()
    fact = given.composition.fact("origin")
    zero = replace(fact.counts["south"][0], pictures=0, subjects=0)
    values = {**fact.counts, "south": (zero, zero, fact.counts["south"][2])}
    facts = tuple(replace(fact, counts=values) if one.name == "origin" else one for one in given.composition.facts)
    other = replace(given, composition=replace(given.composition, facts=facts))
    claim, _ = checklists(answers(whole(), other))
    assert next(one.answer.text for one in claim.items if one.item.number == "33") == "Only in the test part: south."


def test_the_report_shows_card_flow_and_checklists_and_keeps_them_as_json(tmp_path: Path) -> None:
    said = DatasetDescription.model_validate(yaml.safe_load(EXAMPLE))
    page = write_report(tmp_path / "report", replace(whole(), card=card(said)))
    found = Page(page.read_text(encoding="utf-8"))
    assert {"data-card", "model-card", "checklist"} <= set(found.ids)
    links = {address[1:] for address in found.addresses if address.startswith("#")}
    assert links <= set(found.ids)
    assert "two radiologists of 8 and 15 years of practice" in found.text
    assert "not reported" in found.text
    for name in (CARD_FILE, CHECKLISTS_FILE, FLOW_FILE):
        assert (tmp_path / "report" / name).is_file()


NOT_TEXT = {"sources", "design", "reference_standard", "out_of_scope_use", "limits"}


def hostile(text: str) -> DatasetDescription:
    """Return a description that says `text` wherever it can."""
    source = {"origin": "north"} | dict.fromkeys(("name", "institution", "country", "selection", "licence"), text)
    return DatasetDescription.model_validate(
        {
            **{name: text for name in DatasetDescription.model_fields if name not in NOT_TEXT},
            "sources": [source],
            "reference_standard": dict.fromkeys(ReferenceStandard.model_fields, text),
            "out_of_scope_use": [text],
            "limits": [text],
        }
    )


@pytest.mark.parametrize("text", [ATTACK, PERSON])
def test_no_word_of_people_or_files_is_obeyed(tmp_path: Path, text: str) -> None:
    report = replace(whole(), card=card(hostile(text), notices={"Q001": text}))
    raw = write_report(tmp_path / "report", report).read_text(encoding="utf-8")
    found = Page(raw)
    plain = Page(write_report(tmp_path / "plain", replace(whole(), card=card())).read_text(encoding="utf-8"))
    assert text not in raw
    assert set(found.tags) == set(plain.tags)
    assert not found.handlers
    assert not [address for address in found.addresses if "evil" in address]
    assert found.text.count(" ".join(text.split())) > 20
