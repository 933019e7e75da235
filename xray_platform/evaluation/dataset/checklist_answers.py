"""Checklist answers: what the report, the store and `dataset.yaml` know, item by item; nothing is made up."""

from collections.abc import Mapping
from typing import Any

from xray_platform.evaluation.dataset.checklist import Answer
from xray_platform.evaluation.dataset.composition import Composition
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.description import DatasetDescription, ReferenceStandard, Source
from xray_platform.evaluation.evaluate import SPLIT_TITLES, Evaluation, counts
from xray_platform.evaluation.metrics import METRICS
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.wording import count, figure, interval, percent
from xray_platform.settings import Settings

NOTHING = Answer()
DEIDENTIFIED = (
    "Before anything else sees a picture: pseudonyms by keyed hash, dates moved, attributes by a list of what may "
    "stay, burned-in text searched and painted over, and a last search of what is written."
)
FIGURES = ("auroc", "average_precision", "sensitivity", "specificity")


def answers(report: ReportInput, card: DataCard) -> dict[str, Answer]:
    """Return the answer to each question of the checklists, by name."""
    return {
        **_of_people(card.described),
        **_of_data(card),
        **_of_reference(card.described.reference_standard),
        **_of_model(report),
        **_of_evaluation(report, card),
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


def _of_model(report: ReportInput) -> dict[str, Answer]:
    evaluation, facts = report.evaluation, report.provenance
    training = _plain(report.settings.get("Training"))
    described = "; ".join(line.removeprefix(f"{evaluation.model}: ") for line in report.description)
    known = ("code version", "git commit", "mlflow run")
    version = ", ".join(f"{name} {facts[name]}" for name in known if facts.get(name))
    steps = f"{count(len(report.recipe), 'step')}, in words and in order."
    system = f"`{evaluation.model}`: {version}. It takes one picture and gives a score, a probability and a verdict."
    return {
        "title": Answer(f"“{report.name}”, a {report.family}, named above the report."),
        "summary": Answer("At the top of the report, with what speaks against it.", "figures"),
        "kind": Answer(f"Making of a model (a {report.family}) and its test on data that were set apart."),
        "recipe": Answer(steps, "making") if report.recipe else NOTHING,
        "model": Answer(f"{described}.", "making") if described else NOTHING,
        "software": Answer(f"Packages with their versions; {version}.", "provenance") if version else NOTHING,
        "version": Answer(system, "provenance") if version else NOTHING,
        "initialisation": _initialisation(report, training),
        "training": _training(report, training),
        "selection": _selection(training),
        "ensembling": Answer(f"{described}." if report.family == "ensemble" else "None: it is one model."),
    }


def _plain(settings: Settings | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if settings is None:
        return {}
    return settings.model_dump(mode="json") if isinstance(settings, Settings) else settings


def _initialisation(report: ReportInput, training: Mapping[str, Any]) -> Answer:
    if report.family != "network":
        return Answer(f"None is needed: a {report.family} has no weights that training begins with.")
    if "weights" not in training:
        return NOTHING
    begun = f"from {training['weights']}" if training["weights"] else "at random"
    seed = f", seed {training['seed']}" if "seed" in training else ""
    return Answer(f"The weights begin {begun}{seed}.", "making")


def _training(report: ReportInput, training: Mapping[str, Any]) -> Answer:
    if training:
        epochs = f" {count(len(report.history), 'epoch')} were run." if report.history else ""
        return Answer(f"All settings of the training are listed.{epochs}", "making")
    settings = bool(report.settings)
    return Answer("It is fitted once, with the settings that are listed.", "making") if settings else NOTHING


def _selection(training: Mapping[str, Any]) -> Answer:
    kept = f"Kept is the {training['kept_epoch']} epoch. " if training.get("kept_epoch") else ""
    return Answer(f"{kept}Between models the validation part decides; the test part is never asked.")


def _of_evaluation(report: ReportInput, card: DataCard) -> dict[str, Answer]:
    evaluation = report.evaluation
    test = counts(evaluation.part("test"))
    settings = evaluation.settings
    draws = f"{percent(settings.confidence)} intervals from {settings.resamples:,} draws of whole subjects"
    figures = {name: _figure(evaluation, name) for name in FIGURES}
    both = ", ".join(filter(None, (figures["sensitivity"], figures["specificity"])))
    some = ", ".join(filter(None, figures.values()))
    tested = f"{count(test['pictures'], 'test picture')} of {count(test['subjects'], 'subject')}."
    worst = Answer("The pictures farthest on the wrong side of the threshold.", "mistakes")
    return {
        "measures": Answer(f"{', '.join(kind.title for kind in METRICS)}.", "figures"),
        "uncertainty": Answer(f"{draws[:1].upper()}{draws[1:]}.", "figures"),
        "variability": Answer(f"{draws[:1].upper()}{draws[1:]}.", "figures", "which analyses were planned before"),
        "threshold": Answer(evaluation.threshold.explanation, "verdicts"),
        "test_blinding": Answer("The model sees the picture alone; no label of the test part was used before."),
        "indeterminate": Answer(
            "There are none: every picture gets a verdict. What is gained by passing on unsure ones is measured.",
            "reliance",
        ),
        "internal": Answer(tested, "figures") if test["pictures"] else NOTHING,
        "external": _external(card),
        "disjoint": _disjoint(evaluation),
        "performance": Answer(f"Test part: {some}.", "figures") if some else NOTHING,
        "accuracy": Answer(f"Test part: {both}.", "figures") if both else NOTHING,
        "table": Answer("Truth and verdict on the test part.", "verdicts") if test["pictures"] else NOTHING,
        "robustness": _robustness(report),
        "explanation": _explanation(report),
        "failures": worst if report.samples.names else NOTHING,
        "fairness": _fairness(report),
        "limits": _limits(card.described),
    }


def _figure(evaluation: Evaluation, name: str) -> str:
    metric = evaluation.metrics["test"][name]
    if metric.value is None:
        return ""
    title = next(kind.title for kind in METRICS if kind.name == name)
    return f"{title} {figure(metric.value)}{f' ({interval(metric)})' if interval(metric) else ''}"


def _external(card: DataCard) -> Answer:
    """Say whether an origin of the test part is of no other part."""
    made = card.composition
    if "test" not in made.parts:
        return NOTHING
    place = made.parts.index("test")
    values = made.fact("origin").counts
    tested = {origin for origin, number in values.items() if number[place].pictures}
    learnt = {origin for origin, number in values.items() if any(one.pictures for one in number[:place])}
    if apart := sorted(tested - learnt):
        return Answer(f"Only in the test part: {', '.join(apart)}.", "data-card")
    none = "None: pictures of every origin of the test part were learnt from too."
    return Answer(none, "data-card") if tested else NOTHING


def _disjoint(evaluation: Evaluation) -> Answer:
    shared = evaluation.rows.groupby("subject")["split"].nunique()
    several = int((shared > 1).sum())
    if several:
        return Answer(f"They are not: {count(several, 'subject')} stand in more than one part.", "data")
    parts = ", ".join(title.lower() for title in SPLIT_TITLES.values())
    return Answer(f"By subject: none of {count(len(shared), 'subject')} is in more than one of {parts}.", "data")


def _robustness(report: ReportInput) -> Answer:
    """Say what the figures were tried against: corrupted pictures, and facts that know no lung."""
    tried = report.evaluation.robustness
    audited = report.audit is not None and not report.audit.reason
    facts = " Facts without any shape of the lung were tried as well." if audited else ""
    if tried is not None and tried.each:
        kinds = ", ".join(dict.fromkeys(one.kind.replace("_", " ") for one in tried.each))
        return Answer(f"{count(tried.pictures, 'test picture')} with {kinds}.{facts}", "robustness")
    return Answer(facts.strip(), "shortcuts", "changes of the picture itself") if audited else NOTHING


def _explanation(report: ReportInput) -> Answer:
    if report.samples.heatmaps is None or not report.samples.names or report.scale is None:
        return NOTHING
    boxes = " and how they lie to boxes that people drew" if report.boxes else ""
    return Answer(f"Heat maps of the pictures shown{boxes}.", "boxes" if report.boxes else "mistakes")


def _fairness(report: ReportInput) -> Answer:
    """Say by which facts of the patients the figures were told apart."""
    told = {one.fact: one.title.lower() for one in report.evaluation.subgroups if one.telling and one.fact != "batch"}
    if not told:
        return NOTHING
    missing = " and ".join(word for fact, word in (("age", "age"), ("sex", "sex")) if fact not in told)
    return Answer(f"Figures of the test part by {', '.join(told.values())}.", "subgroups", missing)


def _limits(said: DatasetDescription) -> Answer:
    if said.limits:
        return Answer(f"{'; '.join(said.limits)}. Cautions stand above the figures.", "figures")
    return Answer("Cautions, found by rule, stand above the figures.", "figures", "what people know of the data")
