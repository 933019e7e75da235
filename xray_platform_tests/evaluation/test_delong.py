"""DeLong and McNemar: equal to independent computations, and right as often as they claim."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from xray_platform.evaluation.delong import auroc_covariance, compare_aurocs, delong_interval
from xray_platform.evaluation.mcnemar import mcnemar
from xray_platform.evaluation.metrics import auroc


def drawn(pictures: int, seed: int, skill: float = 1.0, *, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.arange(pictures) % 3 == 0
    common = generator.normal(size=pictures)
    scores = np.stack([common + generator.normal(size=pictures) + skill * labels for _ in range(2)])
    return (np.round(scores) if ties else scores), labels


def alone(pictures: int) -> list[str]:
    return [f"s{number}" for number in range(pictures)]


def by_pairs(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The formula as it was published: each abnormal picture against each normal one."""
    kernel = np.array(
        [
            [[(x > y) + 0.5 * (x == y) for y in row[~labels]] for x in row[labels]]
            for row in scores
        ]
    )  # fmt: skip
    areas = kernel.mean(axis=(1, 2))
    of_abnormal, of_normal = kernel.mean(axis=2), kernel.mean(axis=1)
    covariance = np.cov(of_abnormal) / labels.sum() + np.cov(of_normal) / (~labels).sum()
    return areas, covariance


@pytest.mark.parametrize("ties", [False, True])
def test_the_covariance_is_that_of_the_published_formula(ties: bool) -> None:
    scores, labels = drawn(60, 1, ties=ties)
    areas, covariance = auroc_covariance(scores, labels, alone(60))
    expected, expected_covariance = by_pairs(scores, labels)
    assert areas == pytest.approx(expected)
    assert covariance == pytest.approx(expected_covariance)
    assert areas[0] == pytest.approx(auroc(scores[0], labels))


def test_the_interval_and_the_p_value_follow_from_it() -> None:
    scores, labels = drawn(90, 2)
    areas, covariance = by_pairs(scores, labels)
    found = delong_interval(scores[0], labels, alone(90), 0.9)
    low, high = norm.interval(0.9, areas[0], math.sqrt(covariance[0, 0]))
    assert (found.value, found.low, found.high) == pytest.approx((areas[0], low, high))
    pair = compare_aurocs(scores[0], scores[1], labels, alone(90))
    spread = math.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert pair.difference.value == pytest.approx(areas[0] - areas[1])
    assert pair.p == pytest.approx(2 * norm.sf(abs(areas[0] - areas[1]) / spread))
    other = compare_aurocs(scores[1], scores[0], labels, alone(90))
    assert (other.difference.value, other.p) == pytest.approx((-(areas[0] - areas[1]), pair.p))


def test_equal_models_are_called_different_as_often_as_the_p_value_says() -> None:
    found = []
    for seed in range(400):
        scores, labels = drawn(120, seed)
        found.append(compare_aurocs(scores[0], scores[1], labels, alone(120)).p)
    false_alarms = np.mean([p is not None and p < 0.1 for p in found])
    assert abs(false_alarms - 0.1) < 3.5 * math.sqrt(0.1 * 0.9 / 400)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    truth = norm.cdf(1 / 2)  # two deviations of noise in each score: its own and the common one
    held = 0
    for seed in range(400):
        scores, labels = drawn(150, seed)
        found = delong_interval(scores[0], labels, alone(150))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert abs(held / 400 - 0.95) < 3.5 * math.sqrt(0.95 * 0.05 / 400)


def test_copies_of_a_picture_of_the_same_subject_add_no_certainty() -> None:
    scores, labels = drawn(80, 3)
    once = delong_interval(scores[0], labels, alone(80))
    doubled = delong_interval(np.repeat(scores[0], 2), np.repeat(labels, 2), list(np.repeat(alone(80), 2)))
    feigned = delong_interval(np.repeat(scores[0], 2), np.repeat(labels, 2), alone(160))
    assert (doubled.value, doubled.low, doubled.high) == pytest.approx((once.value, once.low, once.high))
    assert feigned.low is not None
    assert once.low is not None
    assert feigned.low > once.low


@pytest.mark.parametrize(
    ("labels", "score", "subjects", "reason"),
    [
        ([True, True, True], [0.1, 0.2, 0.3], "abc", "lacks a class"),
        ([], [], "", "lacks a class"),
        ([True, False, False], [0.3, 0.1, 0.2], "abc", "one subject only"),
        ([True, True, False, False], [0.4, 0.3, 0.1, 0.2], "abcd", "variance is 0"),
        ([True, True, False, False], [1.0, 1.0, 1.0, 1.0], "abcd", "variance is 0"),
    ],
)
def test_what_cannot_be_computed_is_said(labels: list[bool], score: list[float], subjects: str, reason: str) -> None:
    found = delong_interval(np.array(score), np.array(labels, bool), list(subjects))
    assert (found.low, found.high) == (None, None)
    assert reason in found.reason
    pair = compare_aurocs(np.array(score), np.array(score), np.array(labels, bool), list(subjects))
    assert pair.p is None
    assert reason in pair.difference.reason


def exactly(first: int, second: int) -> float:
    """Count every way in which the differing pictures could have fallen."""
    number = first + second
    likely = [math.comb(number, right) / 2**number for right in range(number + 1)]
    return math.fsum(one for one in likely if one <= likely[first] * (1 + 1e-9))


@pytest.mark.parametrize(("first", "second"), [pair for pair in product((0, 1, 3, 8), repeat=2) if sum(pair)])
def test_mcnemar_counts_every_way(first: int, second: int) -> None:
    labels = np.ones(20, bool)
    right, other = np.zeros(20, bool), np.zeros(20, bool)
    right[:first], other[first : first + second] = True, True
    found = mcnemar(right, other, labels)
    assert (found.only_first, found.only_second) == (first, second)
    assert found.p == pytest.approx(exactly(first, second))


def test_models_that_never_differ_have_no_p_value() -> None:
    verdicts = np.array([True, False, True])
    assert mcnemar(verdicts, verdicts, np.array([True, True, False])).p is None
