"""Net benefit: the published formula, counted picture by picture, and what must hold whatever the model."""

import numpy as np
import pytest

from xray_platform.evaluation.metrics import Predictions
from xray_platform.evaluation.net_benefit import decision_curve
from xray_platform_tests.evaluation.invented import predictions


def counted(test: Predictions, threshold: float) -> float:
    """Count found and false alarms one by one."""
    worth = 0.0
    assert test.probability is not None
    for probability, abnormal in zip(test.probability, test.labels, strict=True):
        if probability >= threshold:
            worth += 1.0 if abnormal else -threshold / (1 - threshold)
    return worth / len(test)


def test_it_is_what_counting_gives() -> None:
    test = predictions(80)
    curve = decision_curve(test)
    assert curve is not None
    expected = [counted(test, threshold) for threshold in curve.threshold]
    assert curve.model == pytest.approx(expected)


def test_acting_on_all_is_worth_nothing_at_the_share_of_abnormal_pictures() -> None:
    labels = np.arange(100) < 30
    test = Predictions(np.where(labels, 1.0, 0.0), labels, labels, np.where(labels, 0.9, 0.1))
    curve = decision_curve(test)
    assert curve is not None
    place = curve.threshold.index(0.3)
    assert curve.everyone[place] == pytest.approx(0, abs=1e-12)
    assert curve.everyone[0] == pytest.approx(0.3 - 0.7 * 0.01 / 0.99)
    assert curve.model[place] == pytest.approx(0.3), "a perfect model finds all and alarms nobody"
    assert curve.verdict == pytest.approx([0.3] * 99)
    assert curve.model[-1] == 0, "nobody is that sure"


def test_without_probabilities_or_pictures_there_is_none() -> None:
    test = predictions(10)
    assert decision_curve(Predictions(test.score, test.labels, test.predicted, None)) is None
    empty = np.empty(0)
    assert decision_curve(Predictions(empty, empty > 0, empty > 0, empty)) is None
