"""Blurred Youden: a cut that holds when one class moves, and Youden's own where nothing is blurred."""

import numpy as np
import pytest

from xray_platform.evaluation.blurred_youden import spread_within
from xray_platform.evaluation.metrics import Flags, Numbers
from xray_platform.evaluation.threshold import ThresholdSettings, choose_threshold


def dense_and_wide(seed: int) -> tuple[Numbers, Flags]:
    """Normals close together, abnormal pictures far and wide, as networks that augment strongly score them."""
    rng = np.random.default_rng(seed)
    normal, abnormal = rng.normal(-3.7, 0.5, 200), np.minimum(rng.normal(2.0, 2.2, 550), 3.5)
    return np.concatenate([normal, abnormal]), np.arange(750) >= 200


def shares(cut: float, score: Numbers, labels: Flags) -> tuple[float, float]:
    return float((score[labels] >= cut).mean()), float((score[~labels] < cut).mean())


def test_it_loses_fewer_normals_when_they_move_than_it_costs_where_they_do_not() -> None:
    lost, saved = [], []
    for seed in range(20):
        score, labels = dense_and_wide(seed)
        other, truth = dense_and_wide(seed + 100)
        moved = other + np.where(truth, 0.0, 1.0)
        plain, blurred = (choose_threshold(score, labels, ThresholdSettings(blur=blur)).value for blur in (0.0, 0.4))
        assert blurred > plain - 0.2
        lost.append(np.mean(shares(plain, other, truth)) - np.mean(shares(blurred, other, truth)))
        saved.append(np.mean(shares(blurred, moved, truth)) - np.mean(shares(plain, moved, truth)))
    assert np.mean(saved) > 3 * max(float(np.mean(lost)), 0.0)
    assert np.mean(saved) > 0.02


def test_shares_are_those_that_the_cut_really_has_and_the_words_say_so() -> None:
    score, labels = dense_and_wide(3)
    chosen = choose_threshold(score, labels, ThresholdSettings(blur=0.4))
    assert (chosen.sensitivity, chosen.specificity) == pytest.approx(shares(chosen.value, score, labels))
    assert "blurred by 0.4 deviations" in chosen.explanation
    assert "blurred" not in choose_threshold(score, labels).explanation


def test_scores_far_apart_are_cut_in_between() -> None:
    score = np.array([0.0, 0.1, 0.2, 0.3, 10.0, 10.1, 10.2, 10.3])
    assert 0.3 < choose_threshold(score, score > 5, ThresholdSettings(blur=0.4)).value < 10


def test_equal_scores_are_no_reason_to_blur() -> None:
    score, labels = np.repeat([0.0, 1.0], 5), np.arange(10) >= 5
    assert spread_within(score, labels) == 0
    assert choose_threshold(score, labels, ThresholdSettings(blur=0.4)).value == choose_threshold(score, labels).value


def test_one_far_picture_does_not_change_the_spread() -> None:
    score, labels = dense_and_wide(0)
    far = score.copy()
    far[-1] = 1e6
    assert spread_within(far, labels) == pytest.approx(spread_within(score, labels), rel=0.02)
