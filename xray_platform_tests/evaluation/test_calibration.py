"""Calibration: probabilities mean what they say, never fall with the score, and admit where nothing was learned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from xray_platform.errors import DataError
from xray_platform.evaluation.calibration import Calibration, Method, fit_calibration

METHODS: tuple[Method, ...] = ("platt", "isotonic")


def drawn(count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    score = generator.normal(size=count)
    return score, generator.random(count) < expit(3 * score - 1)


def test_platt_finds_the_curve_that_the_truth_was_drawn_from() -> None:
    calibration = fit_calibration(*drawn())
    assert not calibration.logarithm
    assert calibration.probability(np.array([-1.0, 0, 1])) == pytest.approx(expit([-4.0, -1, 2]), abs=0.02)


def test_distances_with_a_long_tail_are_read_by_their_logarithm() -> None:
    score, labels = drawn()
    calibration = fit_calibration(np.exp(score), labels)
    assert calibration.logarithm
    assert "logarithm" in calibration.explanation
    assert calibration.probability(np.exp([-1.0, 0, 1])) == pytest.approx(expit([-4.0, -1, 2]), abs=0.02)
    assert calibration.probability(np.array([0.0, -5.0])) == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_of_those_given_seventy_per_cent_about_seventy_are_abnormal(method: Method) -> None:
    score, labels = drawn()
    probability = fit_calibration(score, labels, method).probability(score)
    near = (probability > 0.65) & (probability < 0.75)
    assert labels[near].mean() == pytest.approx(0.7, abs=0.05)


@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3), st.booleans()), min_size=1, max_size=25),
    st.sampled_from(METHODS),
    st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=10),
)
def test_a_higher_score_never_gets_a_lower_probability(
    pairs: list[tuple[float, bool]], method: Method, asked: list[float]
) -> None:
    score, labels = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    calibration = fit_calibration(score, labels, method, threshold=1.0)
    found = calibration.probability(np.sort(asked))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= -1e-12).all()
    assert np.array_equal(
        Calibration.model_validate_json(calibration.model_dump_json()).probability(np.sort(asked)), found
    )


def test_classes_apart_do_not_give_certainty() -> None:
    calibration = fit_calibration(np.array([0.0, 1, 9, 10]), np.array([False, False, True, True]))
    low, high = calibration.probability(np.array([0.0, 10.0]))
    assert 0.1 < low < 0.35
    assert 0.65 < high < 0.9


def test_scores_that_fall_with_abnormality_teach_nothing() -> None:
    calibration = fit_calibration(np.array([-1.0, 2, 3, 4]), np.array([True, True, False, False]))
    assert len(set(calibration.probability(np.array([-1.0, 4.0])))) == 1
    assert "do not rise" in calibration.explanation


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("abnormal", [True, False])
def test_one_class_only_cannot_be_calibrated_and_says_so(method: Method, abnormal: bool) -> None:
    calibration = fit_calibration(np.array([1.0, 2, 3]), np.full(3, abnormal), method, threshold=2.5)
    assert not calibration.calibrated
    assert calibration.explanation.startswith("Not calibrated: the validation part holds one class only.")
    assert calibration.probability(np.array([2.5])) == [0.5]
    assert (np.diff(calibration.probability(np.array([2.0, 2.5, 3.0]))) > 0).all()


def test_equal_scores_are_no_trouble() -> None:
    calibration = fit_calibration(np.full(4, 7.0), np.array([True, False, True, False]))
    assert calibration.probability(np.array([7.0])) == pytest.approx([0.5], abs=1e-3)


def test_an_empty_validation_part_is_refused() -> None:
    with pytest.raises(DataError, match="the validation part is empty"):
        fit_calibration(np.zeros(0), np.zeros(0, bool))
