"""Bootstrap: intervals know how many subjects there are, not how many pictures."""

import numpy as np
import pytest

from xray_platform.evaluation.bootstrap import CHUNK_ELEMENTS, Draws, Metric, measure, subject_codes, weightings
from xray_platform.evaluation.metrics import KINDS, Predictions
from xray_platform_tests.evaluation.invented import predictions

FEW = Draws(resamples=300)


def people(count: int) -> list[str]:
    return [f"sub-{number}" for number in range(count)]


def width(metric: Metric) -> float:
    assert metric.low is not None
    assert metric.high is not None
    return metric.high - metric.low


def times(pictures: Predictions, copies: int) -> Predictions:
    again = np.repeat(np.arange(len(pictures)), copies)
    assert pictures.probability is not None
    return Predictions(
        pictures.score[again], pictures.labels[again], pictures.predicted[again], pictures.probability[again]
    )


def test_ten_films_of_each_person_do_not_make_the_figures_surer() -> None:
    once = predictions(80)
    plain = measure(once, people(80), FEW)
    tenfold = measure(times(once, 10), np.repeat(people(80), 10).astype(object), FEW)
    for name, metric in plain.items():
        assert (tenfold[name].low, tenfold[name].high) == pytest.approx((metric.low, metric.high)), name


def test_ten_times_as_many_people_do() -> None:
    few, many = (measure(predictions(count), people(count), FEW)["auroc"] for count in (60, 600))
    assert width(many) < width(few) / 2


def test_the_interval_of_a_share_is_as_wide_as_theory_says() -> None:
    predicted = np.arange(400) < 300
    pictures = Predictions(predicted.astype(float), np.ones(400, bool), predicted, None)
    metric = measure(pictures, people(400), Draws(2000))["sensitivity"]
    error = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert (metric.low, metric.high) == pytest.approx((0.75 - error, 0.75 + error), abs=0.01)


def test_values_lie_in_their_intervals_and_the_same_seed_gives_the_same() -> None:
    pictures = predictions(100)
    metrics = measure(pictures, people(100), FEW)
    assert metrics == measure(pictures, people(100), FEW)
    assert metrics != measure(pictures, people(100), Draws(300, seed=1))
    inside = [metric for metric in metrics.values() if metric.name != "ece"]
    assert len(inside) == len(KINDS) - 1
    assert all((m.low or 0) <= (m.value or 0) <= (m.high or 0) for m in inside)
    assert all(m.method == "bootstrap" for m in inside)


def test_no_error_among_ten_people_does_not_mean_none_among_all() -> None:
    labels = np.arange(40) < 20
    perfect = Predictions(labels.astype(float), labels, labels, labels.astype(float))
    metrics = measure(perfect, [f"sub-{number // 2}" for number in range(40)], FEW)
    for name in ("auroc", "sensitivity", "specificity"):
        assert metrics[name].method == "exact"
        assert (metrics[name].low, metrics[name].high) == pytest.approx((0.025 ** (1 / 10), 1.0))
    assert metrics["f1"].low is None
    assert metrics["f1"].reason == "no interval: every draw gives the same value"


def test_the_calibration_error_has_no_interval_for_chance_alone_can_only_raise_it() -> None:
    metric = measure(predictions(100), people(100), FEW)["ece"]
    assert metric.value is not None
    assert metric.low is None
    assert "draws lie too high" in metric.reason


def test_all_wrong_is_bounded_from_above() -> None:
    labels = np.arange(20) < 10
    metrics = measure(Predictions(-labels.astype(float), labels, ~labels, None), people(20), FEW)
    assert metrics["sensitivity"].value == 0
    assert (metrics["sensitivity"].low, metrics["sensitivity"].high) == pytest.approx((0, 1 - 0.025 ** (1 / 10)))
    assert metrics["brier"].value is None
    assert "not calibrated" in metrics["brier"].reason


def test_one_person_alone_has_a_value_but_no_interval() -> None:
    metric = measure(predictions(10), ["sub-1"] * 10, FEW)["auroc"]
    assert metric.value is not None
    assert metric.low is None
    assert "one subject only" in metric.reason


def test_a_single_abnormal_person_is_too_few() -> None:
    labels = np.array([True, True, False])
    metric = measure(Predictions(np.array([1.0, 3.0, 2.0]), labels, labels, None), ["a", "a", "b"], FEW)["auroc"]
    assert metric.value == 0.5
    assert metric.low is None


def test_memory_is_bounded_whatever_the_number_of_pictures() -> None:
    codes, count = subject_codes([f"sub-{number // 2}" for number in range(20_000)])
    first = next(weightings(codes, count, Draws(2000)))
    assert count == 10_000
    assert first.size <= CHUNK_ELEMENTS
    assert (first[:, 0] == first[:, 1]).all()
    assert (first[:, ::2].sum(axis=1) == count).all()
