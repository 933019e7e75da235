"""Threshold: each rule gives what it promises on the validation part, and says so where a class is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from xray_platform.errors import DataError
from xray_platform.evaluation.conformal import p_value
from xray_platform.evaluation.threshold import Threshold, ThresholdSettings, choose_threshold

finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
pictures = st.lists(st.tuples(finite, st.booleans()), min_size=1, max_size=40)


def split(drawn: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score for score, _ in drawn]), np.array([labels for _, labels in drawn])


@given(pictures, st.sampled_from(["youden", "sensitivity", "specificity", "conformal"]), st.floats(0.05, 0.99))
def test_it_reports_what_its_verdicts_are(drawn: list[tuple[float, bool]], rule: str, target: float) -> None:
    score, labels = split(drawn)
    threshold = choose_threshold(score, labels, ThresholdSettings.model_validate({"rule": rule, "target": target}))
    called = threshold.predict(score)
    for reached, predict in ((threshold.sensitivity, called[labels]), (threshold.specificity, ~called[~labels])):
        assert (reached is None) == (len(predict) == 0)
        assert reached is None or reached == pytest.approx(predict.mean())


@given(pictures, st.floats(0.05, 0.99))
def test_the_target_is_kept(drawn: list[tuple[float, bool]], target: float) -> None:
    score, labels = split(drawn)
    sensitive = choose_threshold(score, labels, ThresholdSettings(rule="sensitivity", target=target))
    specific = choose_threshold(score, labels, ThresholdSettings(rule="specificity", target=target))
    assert sensitive.sensitivity is None or sensitive.sensitivity >= target - 1e-9
    assert specific.specificity is None or specific.specificity >= target - 1e-9


@given(pictures)
def test_no_other_cut_has_a_larger_sum(drawn: list[tuple[float, bool]]) -> None:
    score, labels = split(drawn)
    threshold = choose_threshold(score, labels)
    if labels.any() and not labels.all():
        assert threshold.sensitivity is not None
        assert threshold.specificity is not None
        sums = [(score[labels] >= cut).mean() + (score[~labels] < cut).mean() for cut in [*score, np.inf]]
        assert threshold.sensitivity + threshold.specificity == pytest.approx(max(sums))


def test_classes_apart_are_cut_in_the_middle_between_them() -> None:
    threshold = choose_threshold(np.array([1.0, 2.0, 6.0, 7.0]), np.array([False, False, True, True]))
    assert threshold.value == 4
    assert (threshold.sensitivity, threshold.specificity) == (1, 1)


def test_among_equals_the_widest_gap_wins() -> None:
    score = np.array([0.0, 1.0, 1.1, 2.0, 5.0, 6.0])
    threshold = choose_threshold(score, np.array([False, False, True, False, True, True]))
    assert threshold.value == 3.5


def test_the_words_say_where_it_comes_from() -> None:
    threshold = choose_threshold(np.array([1.0, 2.0, 6.0]), np.array([False, False, True]))
    assert threshold.explanation == (
        "Chosen on the validation part alone, 1 abnormal and 2 normal pictures: the cut with the largest sum of "
        "sensitivity and specificity (Youden's J). There it gives a sensitivity of 1.000 and a specificity of 1.000."
    )


def test_without_abnormal_pictures_most_normals_stay_below() -> None:
    """A threshold at the smallest score would call everything abnormal, a fault known from other software."""
    score = np.arange(100.0)
    threshold = choose_threshold(score, np.zeros(100, bool))
    assert threshold.rule == "specificity"
    assert threshold.value == 94.5
    assert (threshold.sensitivity, threshold.specificity) == (None, 0.95)
    assert "The rule asked for, youden, needs both classes." in threshold.explanation


def test_without_normal_pictures_most_abnormal_ones_stay_above() -> None:
    threshold = choose_threshold(np.arange(100.0), np.ones(100, bool))
    assert threshold.rule == "sensitivity"
    assert threshold.sensitivity == 0.95
    assert threshold.specificity is None


def test_neighbours_in_floating_point_are_parted() -> None:
    low = 1.0
    high = np.nextafter(low, 2)
    threshold = choose_threshold(np.array([low, high]), np.array([False, True]))
    assert threshold.predict(np.array([low, high])).tolist() == [False, True]


def test_an_empty_validation_part_is_refused() -> None:
    with pytest.raises(DataError, match="the validation part is empty; at least one picture is needed"):
        choose_threshold(np.zeros(0), np.zeros(0, bool))


def test_it_survives_json() -> None:
    threshold = choose_threshold(np.array([0.1, 0.2, 0.7]), np.array([False, True, True]))
    assert Threshold.model_validate_json(threshold.model_dump_json()) == threshold


@hypothesis_settings(deadline=None, max_examples=30)
@given(st.integers(19, 60), st.floats(0.5, 0.95), st.integers(0, 2**31))
def test_a_conformal_threshold_keeps_its_promise_for_pictures_to_come(count: int, target: float, seed: int) -> None:
    """Over all ways to pick the picture to come out of count + 1, at most a share 1 - target is called abnormal."""
    score = np.random.default_rng(seed).normal(size=count + 1)
    settings = ThresholdSettings(rule="conformal", target=target)
    alarms = [
        choose_threshold(np.delete(score, each), np.zeros(count, bool), settings).predict(score[each : each + 1])[0]
        for each in range(count + 1)
    ]
    assert np.mean(alarms) <= 1 - target + 1e-9


def test_too_few_normal_pictures_promise_nothing_and_say_so() -> None:
    threshold = choose_threshold(np.arange(18.0), np.zeros(18, bool), ThresholdSettings(rule="conformal"))
    assert threshold.rule == "conformal"
    assert threshold.specificity == 1
    assert "it takes 19 of them to promise a specificity of 95" in threshold.explanation


@pytest.mark.parametrize("rule", ["specificity", "conformal"])
def test_the_worst_group_decides(rule: str) -> None:
    rng, settings = np.random.default_rng(0), ThresholdSettings.model_validate({"rule": rule})
    score = np.concatenate([rng.normal(0, 1, 300), rng.normal(2, 1, 100), [50.0] * 3])
    groups = np.repeat(np.array(["old", "new", "few"], object), (300, 100, 3))
    labels = np.zeros(403, bool)
    alone, together = (choose_threshold(score, labels, settings, who) for who in (groups, None))
    assert np.mean(alone.predict(score[300:400])) <= 0.05
    assert np.mean(together.predict(score[300:400])) > 0.1
    assert alone.value < 50, "a group of three has no say"
    assert "the highest, of new, is taken" in alone.explanation


def test_p_values_of_normal_pictures_are_spread_evenly() -> None:
    rng = np.random.default_rng(1)
    found = p_value(rng.normal(size=4000), rng.normal(size=4000))
    assert np.mean(found <= 0.05) == pytest.approx(0.05, abs=0.02)
    with pytest.raises(DataError, match="without scores of normal pictures"):
        p_value(np.ones(2), np.zeros(0))
