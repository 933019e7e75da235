"""Checklist answers: what the report, the store and `dataset.yaml` know, item by item; nothing is made up."""

from collections.abc import Mapping

from xray_platform.evaluation.dataset.checklist import NOTHING, Answer
from xray_platform.evaluation.dataset.checklist_model_answers import answers_of_evaluation, answers_of_model
from xray_platform.evaluation.dataset.composition import Composition
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.description import DatasetDescription, ReferenceStandard, Source
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.wording import count, percent

DEIDENTIFIED = (
    "Before anything else sees a picture: pseudonyms by keyed hash, dates moved, attributes by a list of what may "
    "stay, burned-in text searched and painted over, and a last search of what is written."
)


def answers(report: ReportInput, card: DataCard) -> dict[str, Answer]:
    """Return the answer to each question of the checklists, by name."""
    return {
        **_of_people(card.described),
        **_of_data(card),
        **_of_reference(card.described.reference_standard),
        **answers_of_model(report),
        **answers_of_evaluation(report, card),
    }


def _of_people(said: DatasetDescription) -> dict[str, Answer]:
    """Return what nobody but the people who made the study can say."""
    plain = {
        name: Answer(text) if (text := getattr(said, name)) else NOTHING
        for name in ("intended_use", "goal", "design", "sample_size", "registration", "funding", "ethics", "interests")
    }
    return {
        **plain,
        "implications": Answer(said.implications) if said.implications else NOTHING,
        "availability": Answer(said.availability) if said.availability else NOTHING,
        "protocol": Answer(
            said.protocol or "Settings, recipe and provenance stand in this report.",
            "" if said.protocol else "making",
            "" if said.protocol else "a study protocol",
        ),
        "selection_of_patients": _joined({source.origin: source.selection for source in said.sources}),
        "where_and_when": _where_and_when(said),
        "severity": NOTHING,
        "alternatives": NOTHING,
        "interval": NOTHING,
        "harm": NOTHING,
    }


def _where_and_when(said: DatasetDescription) -> Answer:
    told = {source.origin: _place_and_days(source) for source in said.sources}
    found = _joined(told)
    if said.setting:
        return Answer("; ".join(filter(None, (said.setting, found.text))), "", found.missing)
    return Answer(found.text, "", found.missing or "the setting") if found.text else NOTHING


def _place_and_days(source: Source) -> str:
    return ", ".join(filter(None, (source.institution, source.country, source.dates)))


def _joined(told: Mapping[str, str | None]) -> Answer:
    """Return what is told of several origins as one answer, in part where something is told of some of them only."""
    known = {name: text for name, text in told.items() if text}
    silent = [name for name in told if name not in known]
    text = "; ".join(f"{name}: {text}" for name, text in known.items())
    return Answer(text, "", f"of {', '.join(silent)}" if known and silent else "")


def _of_data(card: DataCard) -> dict[str, Answer]:
    said, flow = card.described, card.flow
    named = [source for source in card.sources if source != Source(origin=source.origin)]
    unnamed = [source.origin for source in card.sources if source not in named]
    sources = NOTHING
    if card.sources:
        told = "; ".join(
            f"{one.origin}: {one.name or one.institution or one.reference or 'see there'}" for one in named
        )
        text = told or f"Origins as they were named at the intake: {', '.join(unnamed)}."
        sources = Answer(text, "data-card", f"a description of {', '.join(unnamed)}" if unnamed else "")
    acquisition = _acquisition(said, card.composition)
    unlabelled = _gone(card, "no label")
    left_out = (
        f"After the intake {count(flow.left_out, 'file or picture', 'files and pictures')} of "
        f"{flow.stages[0].number:,} were left out, by reason in the flow."
    )
    doubtful = f"{said.missing_data}. " if said.missing_data else ""
    return {
        "sources": sources,
        "acquisition": acquisition,
        "sources_and_acquisition": Answer(
            " ".join(filter(None, (sources.text, acquisition.text))),
            "data-card",
            " and ".join(filter(None, (sources.missing, acquisition.missing))),
        ),
        "eligibility": Answer(
            f"{said.eligibility}. {left_out}" if said.eligibility else left_out,
            "data-card",
            "" if said.eligibility else "who was included before the intake",
        ),
        "subset": Answer(
            f"All pictures with a label and a part that could be scored: {flow.stages[-1].number:,} of "
            f"{_number(card, 'Pictures published'):,} that were published.",
            "data-card",
        ),
        "deidentification": Answer(DEIDENTIFIED),
        "missing_data": Answer(
            f"{doubtful}{count(unlabelled, 'published picture')} without a label took no part.",
            "data-card",
            "" if said.missing_data else "how doubtful labels were dealt with",
        ),
        "flow": Answer(
            f"{flow.stages[0].number:,} files received, {flow.stages[-1].number:,} pictures at the end; the diagram "
            "has each step and reason.",
            "data-card",
        ),
        "demographics": _demographics(card.composition),
        "assignment": Answer(f"By subject: {_reasons(card.split_reasons)}.", "data") if card.split_reasons else NOTHING,
    }


def _gone(card: DataCard, reason: str) -> int:
    return sum(gone.number for stage in card.flow.stages for gone in stage.left_out if gone.reason == reason)


def _number(card: DataCard, title: str) -> int:
    return next((stage.number for stage in card.flow.stages if stage.title == title), 0)


def _reasons(reasons: Mapping[str, int]) -> str:
    words = {
        "given": "as the labels file says",
        "assigned": "divided by rule, in an order of pseudonyms and a seed",
        "kept": "kept as it was",
        "held out": "held out by rule",
    }
    return "; ".join(f"{count(number, 'picture')} {words.get(why, why)}" for why, number in reasons.items() if number)


def _acquisition(said: DatasetDescription, made: Composition) -> Answer:
    known = _shares(made, ("device", "view"))
    text = f"The files state {known}." if known else ""
    if said.acquisition:
        return Answer(" ".join(filter(None, (f"{said.acquisition}.", text))), "data-card")
    return Answer(text, "data-card", "the imaging protocol") if text else NOTHING


def _demographics(made: Composition) -> Answer:
    known = _shares(made, ("age", "sex"))
    if not known:
        return NOTHING
    parts = {split: made.fact("age").known(place) for place, split in enumerate(made.parts)}
    whole = all(share == 1 for share in parts.values() if share is not None)
    missing = "" if whole else "of the other pictures"
    return Answer(f"By part of the data; the files state {known}.", "data-card", missing)


def _shares(made: Composition, names: tuple[str, ...]) -> str:
    """Say of how many pictures facts are known; nothing where none is."""
    total, said = sum(made.pictures), []
    for name in names:
        fact = made.fact(name)
        known = sum((fact.known(place) or 0) * number for place, number in enumerate(made.pictures))
        if total and known:
            said.append(f"the {fact.title.lower()} of {percent(known / total)}")
    return " and ".join(said)


def _of_reference(said: ReferenceStandard) -> dict[str, Answer]:
    readers = ". ".join(filter(None, (said.readers, said.method, said.disagreement)))
    missing = [word for word, text in (("by whom", said.readers), ("how", said.method)) if not text]
    return {
        "reference": Answer(said.definition) if said.definition else NOTHING,
        "rationale": Answer(said.rationale) if said.rationale else NOTHING,
        "readers": Answer(readers, "", " and ".join(missing)) if readers else NOTHING,
        "test_reference": Answer(said.test_part) if said.test_part else NOTHING,
        "agreement": Answer(said.agreement) if said.agreement else NOTHING,
        "blinding": Answer(said.blinding) if said.blinding else NOTHING,
    }
