"""Summary: plain sentences that agree with the figures."""

from xray_platform.evaluation.evaluate import evaluate
from xray_platform.evaluation.summary import summary
from xray_platform.evaluation.wording import figure, percent
from xray_platform_tests.evaluation.invented import QUICK, evaluation, scores


def test_it_says_what_the_figures_say() -> None:
    model = evaluation(400)
    said = summary(model, "The detector")
    assert said.startswith("On 132 test pictures of 66 subjects, The detector gives an abnormal picture a higher score")
    assert f"an AUROC of {figure(model.value('auroc'))} (95\u202f% interval " in said
    assert f"finds {percent(model.value('sensitivity'))} of the abnormal pictures" in said
    assert f"clears {percent(model.value('specificity'))} of the normal ones" in said


def test_one_class_alone_is_no_comparison() -> None:
    said = summary(evaluate(scores(90).assign(abnormal=False), QUICK, model="a"), "It")
    assert "cannot be said: there are no abnormal pictures in this part." in said
    assert "finds" not in said
