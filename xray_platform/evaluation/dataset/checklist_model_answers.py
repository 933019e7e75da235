"""Checklist answers about the model and its figures, item by item; nothing is made up."""

from collections.abc import Mapping
from typing import Any

from xray_platform.evaluation.dataset.checklist import NOTHING, Answer
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.description import DatasetDescription
from xray_platform.evaluation.evaluate import SPLIT_TITLES, Evaluation, counts
from xray_platform.evaluation.metrics import METRICS
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.wording import count, figure, interval, percent
from xray_platform.settings import Settings

FIGURES = ("auroc", "average_precision", "sensitivity", "specificity")


def answers_of_model(report: ReportInput) -> dict[str, Answer]:
    """Return what the settings of the model and of its training say."""
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


def answers_of_evaluation(report: ReportInput, card: DataCard) -> dict[str, Answer]:
    """Return what the figures, the audit and the robustness of the model say."""
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
    maps = ", where they lie and how alike they are" if report.maps else ""
    blind = ", what is left of them with random weights" if report.maps and report.maps.randomised else ""
    boxes = ", how they lie to boxes that people drew" if report.boxes else ""
    where = "maps" if report.maps else "boxes" if report.boxes else "mistakes"
    return Answer(f"Heat maps of the pictures shown{maps}{blind}{boxes}.", where)


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
