"""Operating points: the chosen threshold and the others that a hospital would ask for."""

from xray_platform.evaluation.evaluate import EvaluationSettings, evaluate
from xray_platform.evaluation.operating import SHOWN, operating_points
from xray_platform_tests.evaluation.invented import QUICK, evaluation, scores


def test_the_chosen_one_comes_first_with_the_figures_of_the_evaluation() -> None:
    model = evaluation(300)
    points = operating_points(model)
    assert [point.chosen for point in points] == [True, False, False, False]
    assert points[0].threshold == model.threshold
    assert points[0].metrics == {name: model.metrics["test"][name] for name in SHOWN}


def test_a_rule_is_offered_once() -> None:
    settings = EvaluationSettings(threshold_rule="youden", threshold_target=0.8, resamples=0)
    titles = [point.title for point in operating_points(evaluation(300, settings=settings))]
    assert len(titles) == len(set(titles)) == 4
    own = EvaluationSettings(threshold_rule="sensitivity", threshold_target=0.99, resamples=0)
    assert len(operating_points(evaluation(300, settings=own))) == 5


def test_a_higher_sensitivity_costs_specificity() -> None:
    points = {point.threshold.rule: point for point in operating_points(evaluation(600))}
    assert (
        points["sensitivity"].threshold.value < points["youden"].threshold.value < points["specificity"].threshold.value
    )


def test_without_abnormal_pictures_only_the_chosen_one_is_left() -> None:
    model = evaluate(scores(90).assign(abnormal=False), QUICK, model="a")
    points = operating_points(model)
    assert [point.threshold.rule for point in points if point.chosen] == ["specificity"]
    assert len(points) == 1
