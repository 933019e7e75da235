"""Summary: one model's evaluation in two or three plain sentences."""

from xray_platform.evaluation.evaluate import Evaluation, counts
from xray_platform.evaluation.wording import count, figure, interval, percent


def summary(evaluation: Evaluation, title: str) -> str:
    """Return what the figures say, for a reader who knows none of their names."""
    number = counts(evaluation.part("test"))
    if not number["pictures"]:
        return f"{title} has not been tested: the test part holds no pictures."
    tested = f"{count(number['pictures'], 'test picture')} of {count(number['subjects'], 'subject')}"
    return " ".join([_ranking(evaluation, title, tested), *_verdicts(evaluation)])


def _ranking(evaluation: Evaluation, title: str, tested: str) -> str:
    auroc = evaluation.metrics["test"]["auroc"]
    if auroc.value is None:
        return f"{title} was tried on {tested}, but how well it tells the classes apart cannot be said: {auroc.reason}."
    within = f" ({percent(evaluation.settings.confidence)} interval {interval(auroc)})" if interval(auroc) else ""
    return (
        f"On {tested}, {title} gives an abnormal picture a higher score than a normal one "
        f"{percent(auroc.value)} of the time: an AUROC of {figure(auroc.value)}{within}."
    )


def _verdicts(evaluation: Evaluation) -> list[str]:
    sensitivity, specificity = evaluation.value("sensitivity"), evaluation.value("specificity")
    parts = []
    if sensitivity is not None:
        parts.append(f"finds {percent(sensitivity)} of the abnormal pictures")
    if specificity is not None:
        parts.append(f"clears {percent(specificity)} of the normal ones")
    return [f"At its threshold it {' and '.join(parts)}."] if parts else []
