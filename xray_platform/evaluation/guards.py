"""Guards: whether a model that is good enough on the validation part may become champion by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from xray_platform.evaluation.evaluate import Evaluation, counts
from xray_platform.evaluation.guard_settings import GuardSettings
from xray_platform.evaluation.shortcut_result import ShortcutAudit
from xray_platform.evaluation.wording import count

FEWEST_PICTURES = 100  # of the test part; with fewer a calibration error is mostly chance
NO_GROUPS = "no fact parts the test pictures into two groups with enough subjects"


@dataclass(frozen=True)
class GuardOutcome:
    """What one guard found. `broken` is None where it could not be computed; `text` has the figure, or why not."""

    guard: str
    broken: bool | None
    text: str

    def __str__(self) -> str:
        state = {True: "broken", False: "kept", None: "not computed"}[self.broken]
        return f"{self.guard} {state}: {self.text}"


def guards(
    evaluation: Evaluation, audit: ShortcutAudit | None, settings: GuardSettings = GuardSettings()
) -> tuple[GuardOutcome, ...]:
    """Return what each guard finds of a model; `audit` is None where its report is not there."""
    return (
        _shortcut(audit, settings.guard_shortcut),
        _calibration(evaluation, settings.guard_calibration),
        _robustness(evaluation, settings.guard_robustness),
        _subgroups(evaluation, settings.guard_subgroups),
    )


def guard_figures(outcomes: Sequence[GuardOutcome]) -> dict[str, float]:
    """Return for a tracker which guards a model keeps, 1, or breaks, 0; what was not computed is left out."""
    return {f"guard/{one.guard}_kept": float(not one.broken) for one in outcomes if one.broken is not None}


def refusals(outcomes: Sequence[GuardOutcome], settings: GuardSettings) -> list[str]:
    """Return why a model is refused, a sentence for each guard; nothing where it may pass."""
    strict = settings.guard_uncomputed == "refuse"
    return [str(one) for one in outcomes if one.broken or (one.broken is None and strict)]


def _shortcut(audit: ShortcutAudit | None, least: float) -> GuardOutcome:
    if audit is None:
        return GuardOutcome("shortcut", None, "there is no report with an audit of it")
    if audit.lead is None or audit.facts is None or audit.facts.value is None:
        return GuardOutcome("shortcut", None, audit.reason or "the test part lacks a class")
    text = (
        f"test AUROC is {audit.lead:+.3f} against facts without a lung, which reach {audit.facts.value:.3f}; "
        f"{least:+g} or more is asked for"
    )
    return GuardOutcome("shortcut", audit.lead < least, text)


def _calibration(evaluation: Evaluation, most: float) -> GuardOutcome:
    metric, pictures = evaluation.metrics["test"]["ece"], counts(evaluation.part("test"))["pictures"]
    if metric.value is None:
        return GuardOutcome("calibration", None, metric.reason)
    if pictures < FEWEST_PICTURES:
        few = f"the test part holds {count(pictures, 'picture')}, and {FEWEST_PICTURES} are needed"
        return GuardOutcome("calibration", None, few)
    text = f"calibration error is {metric.value:.3f}; at most {most:g} is accepted"
    return GuardOutcome("calibration", metric.value > most, text)


def _robustness(evaluation: Evaluation, most: float) -> GuardOutcome:
    found = evaluation.robustness
    if found is None or found.loss is None or found.loss.value is None:
        why = "it was not tried" if found is None else found.reason or "corruptions of severity 3 were not tried"
        return GuardOutcome("robustness", None, found.loss.reason if found and found.loss else why)
    text = f"corruptions of severity 3 cost {found.loss.value:.3f} of AUROC on average; at most {most:g} is accepted"
    return GuardOutcome("robustness", found.loss.value > most, text)


def _subgroups(evaluation: Evaluation, most: float) -> GuardOutcome:
    gaps = [(gap, one.title.lower()) for one in evaluation.subgroups for gap in one.gaps]
    if not gaps:
        return GuardOutcome("subgroups", None, NO_GROUPS)
    wide = [found for found in gaps if found[0].apart and found[0].difference > most]
    gap, fact = max(wide or gaps, key=lambda found: found[0].difference)
    text = (
        f"{gap.name} differs by {gap.difference:.3f} by {fact}, {gap.lowest} against {gap.highest}"
        f"{'' if gap.apart else ', intervals that overlap'}; at most {most:g} is accepted"
    )
    return GuardOutcome("subgroups", bool(wide), text)
