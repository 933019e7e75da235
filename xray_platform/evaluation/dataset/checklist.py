"""Checklist: each item of CLAIM and STARD with its answer from the data, or marked as not reported."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from xray_platform.evaluation.dataset.checklist_items import CLAIM, STARD, ChecklistItem

Status = Literal["reported", "in part", "not reported"]
STATUSES: tuple[Status, ...] = ("reported", "in part", "not reported")
NOT_REPORTED = "not reported"


@dataclass(frozen=True)
class Answer:
    """What is known for an item: a sentence, where on the page more of it stands, and what of it is missing.

    Without text nothing is known; with `missing` it is answered in part.
    """

    text: str = ""
    link: str = ""
    missing: str = ""

    @property
    def status(self) -> Status:
        if not self.text:
            return "not reported"
        return "in part" if self.missing else "reported"


NOTHING = Answer()


@dataclass(frozen=True)
class AnsweredItem:
    """An item with its answer."""

    item: ChecklistItem
    answer: Answer


@dataclass(frozen=True)
class Checklist:
    """One checklist, answered."""

    name: str
    title: str
    items: tuple[AnsweredItem, ...]

    @property
    def counts(self) -> dict[Status, int]:
        """How many items have each status."""
        return {status: sum(one.answer.status == status for one in self.items) for status in STATUSES}

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        items = [{**asdict(one.item), **asdict(one.answer), "status": one.answer.status} for one in self.items]
        return {"name": self.name, "title": self.title, "counts": self.counts, "items": items}


TITLES = {
    "claim": ("CLAIM 2024", CLAIM),
    "stard": ("STARD 2015, with what STARD-AI adds", STARD),
}


def checklists(answers: Mapping[str, Answer]) -> Sequence[Checklist]:
    """Return both checklists with these answers, by the names that the items give; KeyError for one without answer."""
    return [
        Checklist(name, title, tuple(AnsweredItem(item, answers[item.answer]) for item in items))
        for name, (title, items) in TITLES.items()
    ]
