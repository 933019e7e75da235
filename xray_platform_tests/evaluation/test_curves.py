"""Curves: they pass through the points they should, with few points, and can be read back."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as oracle

from xray_platform.errors import StoreError
from xray_platform.evaluation.curves import curves_of, precision_recall, read_curves, reliability, roc, write_curves
from xray_platform.evaluation.evaluate import evaluate
from xray_platform.evaluation.metrics import Predictions
from xray_platform_tests.evaluation.invented import QUICK, evaluation, predictions, scores


@pytest.mark.parametrize("ties", [False, True])
def test_the_area_below_the_roc_curve_is_the_auroc(ties: bool) -> None:
    pictures = predictions(200, ties=ties)
    curve = roc(pictures)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(oracle.roc_auc_score(pictures.labels, pictures.score))
    assert (curve.false_positive_rate[0], curve.true_positive_rate[0]) == (0, 0)
    assert (curve.false_positive_rate[-1], curve.true_positive_rate[-1]) == (1, 1)
    assert len(curve.thresholds) < 200


def test_each_point_of_the_roc_curve_is_what_its_threshold_gives() -> None:
    pictures = predictions(60)
    curve = roc(pictures)
    for alarm, found, threshold in zip(
        curve.false_positive_rate, curve.true_positive_rate, curve.thresholds, strict=True
    ):
        called = pictures.score >= threshold
        assert called[pictures.labels].mean() == pytest.approx(found)
        assert called[~pictures.labels].mean() == pytest.approx(alarm)


def test_precision_recall_agrees_with_scikit_learn() -> None:
    pictures = predictions(60)
    curve = precision_recall(pictures)
    precision, recall, _ = oracle.precision_recall_curve(pictures.labels, pictures.score)
    known = set(zip(np.round(recall, 6), np.round(precision, 6), strict=True))
    assert set(zip(np.round(curve.recall, 6), np.round(curve.precision, 6), strict=True)) <= known
    assert curve.recall[-1] == 1
    assert curve.prevalence == pytest.approx(pictures.labels.mean())


def test_the_band_holds_the_curve_and_narrows_with_people() -> None:
    few, many = (curves_of(evaluation(count)).roc for count in (120, 1200))
    assert few is not None
    assert many is not None
    widths = [np.mean(np.array(curve.high) - curve.low) for curve in (few, many)]
    assert widths[1] < widths[0] / 2
    inside = np.interp(many.grid, many.false_positive_rate, many.true_positive_rate)
    assert np.mean((inside >= np.array(many.low) - 0.02) & (inside <= np.array(many.high) + 0.02)) > 0.95


def test_reliability_counts_every_picture_once() -> None:
    probability = np.array([0.05, 0.05, 0.45, 1.0])
    curve = reliability(
        Predictions(probability, np.array([False, True, True, True]), probability > 0.5, probability), 10
    )
    assert curve is not None
    assert curve.pictures == (2, 1, 1)
    assert curve.predicted == pytest.approx((0.05, 0.45, 1.0))
    assert curve.observed == pytest.approx((0.5, 1.0, 1.0))
    assert all(
        0 <= low <= seen <= high <= 1 for low, seen, high in zip(curve.low, curve.observed, curve.high, strict=True)
    )


def test_histograms_hold_every_picture_of_every_part() -> None:
    model = evaluation(300)
    curves = curves_of(model)
    assert sum(sum(histogram.counts) for histogram in curves.histograms) == 300
    assert list(curves.edges) == sorted(curves.edges)


def test_equal_scores_have_a_histogram_too() -> None:
    curves = curves_of(evaluate(scores(60).assign(score=3.0), QUICK, model="flat"))
    assert curves.edges[0] < 3 < curves.edges[-1]
    assert sum(sum(histogram.counts) for histogram in curves.histograms) == 60


def test_what_is_undefined_is_left_out() -> None:
    given = scores(90)
    normals = curves_of(evaluate(given.assign(abnormal=False), QUICK, model="a"))
    untested = curves_of(evaluate(given[given["split"] != "test"], QUICK, model="a"))
    assert (normals.roc, normals.precision_recall, normals.reliability) == (None, None, None)
    assert (untested.roc, untested.precision_recall, untested.reliability) == (None, None, None)


def test_curves_can_be_read_back(tmp_path: Path) -> None:
    curves = curves_of(evaluation(90))
    assert read_curves(write_curves(tmp_path / "curves.json", curves)) == curves
    (tmp_path / "curves.json").write_text("{")
    with pytest.raises(StoreError, match="holds no curves"):
        read_curves(tmp_path / "curves.json")
