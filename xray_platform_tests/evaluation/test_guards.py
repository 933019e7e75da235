"""Guards: each is broken, kept or not computed as its figure says, and none passes in silence."""

from dataclasses import replace

import numpy as np
import pytest

from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.evaluate import Evaluation, evaluate
from xray_platform.evaluation.guard_settings import GuardSettings
from xray_platform.evaluation.guards import GuardOutcome, guards, refusals
from xray_platform.evaluation.robustness import Robustness
from xray_platform.evaluation.shortcut_result import ShortcutAudit
from xray_platform_tests.evaluation.invented import QUICK, scores
from xray_platform_tests.evaluation.test_subgroups import apart

STRICT = GuardSettings(guard_uncomputed="refuse")


def audit(facts: float, model: float) -> ShortcutAudit:
    each = {"facts": facts, "model": model, "difference": model - facts}
    return ShortcutAudit(**{name: Metric(name=name, value=value) for name, value in each.items()})


def sound(pictures: int = 900) -> Evaluation:
    """A model of a test part of 300 pictures that breaks nothing."""
    rows = scores(pictures, skill=2.5)
    model = evaluate(rows.assign(origin=np.where(np.arange(pictures) // 12 % 2, "a", "b")), QUICK)
    return replace(model, robustness=Robustness(loss=Metric(name="loss", value=0.05)))


def found(model: Evaluation, facts: ShortcutAudit | None, settings: GuardSettings = GuardSettings()) -> dict[str, str]:
    return {one.guard: str(one) for one in guards(model, facts, settings)}


def test_a_model_that_breaks_nothing_passes_and_every_figure_is_said() -> None:
    outcomes = guards(sound(), audit(0.7, 0.95))
    assert [one.guard for one in outcomes] == ["shortcut", "calibration", "robustness", "subgroups"]
    assert [one.broken for one in outcomes] == [False] * 4, outcomes
    assert refusals(outcomes, STRICT) == []
    assert "+0.250 against facts without a lung, which reach 0.700" in str(outcomes[0])


@pytest.mark.parametrize("guard", ["shortcut", "calibration", "robustness", "subgroups"])
def test_each_guard_alone_refuses_and_says_why(guard: str) -> None:
    model, facts, settings = sound(), audit(0.7, 0.95), GuardSettings()
    if guard == "shortcut":
        facts = audit(0.97, 0.95)
    elif guard == "calibration":
        settings = GuardSettings(guard_calibration=0.0)
    elif guard == "robustness":
        model = replace(model, robustness=Robustness(loss=Metric(name="loss", value=0.3)))
    else:
        model = replace(model, subgroups=apart()[1].subgroups)
    refused = refusals(guards(model, facts, settings), settings)
    assert len(refused) == 1
    assert refused[0].startswith(f"{guard} broken: ")
    loose = GuardSettings(guard_shortcut=-1, guard_calibration=1, guard_robustness=1, guard_subgroups=1)
    assert refusals(guards(model, facts, loose), loose) == []


def test_the_limit_itself_is_kept() -> None:
    model = replace(sound(), robustness=Robustness(loss=Metric(name="loss", value=0.15)))
    assert "robustness kept" in found(model, audit(0.5, 0.5))["robustness"]
    assert "shortcut kept" in found(model, audit(0.5, 0.5))["shortcut"]
    assert "shortcut broken" in found(model, audit(0.5, 0.5), GuardSettings(guard_shortcut=0.01))["shortcut"]


def test_what_cannot_be_computed_is_said_and_a_setting_decides() -> None:
    rows = scores(60)
    one_class = evaluate(rows[~((rows["split"] == "val") & rows["abnormal"])], QUICK)
    for model, facts in ((one_class, None), (evaluate(rows, QUICK), ShortcutAudit(reason="too few subjects"))):
        outcomes = guards(model, facts)
        assert [one.broken for one in outcomes] == [None] * 4, outcomes
        assert all("not computed: " in str(one) and len(one.text) > 9 for one in outcomes)
        assert refusals(outcomes, GuardSettings()) == []
        assert len(refusals(outcomes, STRICT)) == 4
    assert "100 are needed" in found(evaluate(rows, QUICK), None)["calibration"]
    tried = replace(one_class, robustness=Robustness(reason="the settings ask for no corruption"))
    assert found(tried, None)["robustness"] == "robustness not computed: the settings ask for no corruption"
    assert str(GuardOutcome("shortcut", None, "why")) == "shortcut not computed: why"


def test_a_gap_that_chance_explains_breaks_nothing() -> None:
    """Twelve subjects a group and class: gaps are large, and their intervals overlap."""
    rows = scores(288, skill=0.3)
    model = evaluate(rows.assign(origin=np.where(np.arange(288) // 12 % 2, "a", "b")), QUICK)
    gaps = [gap for one in model.subgroups for gap in one.gaps]
    assert gaps
    assert not any(gap.apart for gap in gaps)
    assert "subgroups kept" in found(model, None, GuardSettings(guard_subgroups=0.0))["subgroups"]
