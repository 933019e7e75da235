"""Measures of uncertainty are judged by whether they put wrong verdicts before right ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from xray_platform.evaluation.error_order import error_orders, spread_of
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings, evaluate
from xray_platform.evaluation.reliance import reliance_of
from xray_platform.evaluation.report import write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform_tests.evaluation.invented import evaluation, scores
from xray_platform_tests.evaluation.test_report import Page


def with_spreads(model: Evaluation, spread: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Evaluation:
    """Add a spread (N,) of the test pictures, in their order, as the table has it."""
    images = model.part("test")["image"].to_numpy()
    rows = pd.DataFrame({"image": images, "source": "dropout", "times": 16, "spread": spread})
    return replace(model, spreads=rows.sample(frac=1, random_state=3))


def test_the_auroc_of_mistakes_is_that_of_scikit_learn_and_the_area_is_the_mean_risk() -> None:
    model = evaluation(900, skill=1.0)
    test = model.predictions("test")
    wrong = test.predicted != test.labels
    doubt = np.random.default_rng(1).random(len(test)) + 0.3 * wrong
    found = {order.source: order for order in error_orders(with_spreads(model, doubt))}
    assert list(found) == ["distance", "conformal", "dropout"]
    assert found["dropout"].auroc.value == pytest.approx(roc_auc_score(wrong, doubt))
    order = np.argsort(doubt)
    risk = np.cumsum(wrong[order]) / np.arange(1, len(wrong) + 1)
    assert found["dropout"].area == pytest.approx(risk.mean())
    assert found["dropout"].title == "spread over 16 passes with dropout"
    assert found["distance"].auroc.value is not None
    assert found["distance"].auroc.low is not None
    assert found["distance"].auroc.value > 0.6, "mistakes lie near the threshold"


def test_a_measure_that_knows_the_mistakes_is_perfect_and_one_that_knows_nothing_no_help() -> None:
    model = evaluation(900, skill=1.0)
    test = model.predictions("test")
    wrong = (test.predicted != test.labels).astype(float)
    assert error_orders(with_spreads(model, wrong))[-1].auroc.value == 1
    blind = error_orders(with_spreads(model, np.random.default_rng(0).random(len(wrong))))[-1]
    assert blind.auroc.value == pytest.approx(0.5, abs=0.12)
    assert blind.area == pytest.approx(wrong.mean(), abs=0.06)


def test_few_mistakes_say_nothing_and_spreads_of_other_pictures_are_left_out() -> None:
    sure = error_orders(evaluation(300, skill=9.0))[0]
    assert sure.auroc.value is None
    assert "0 wrong verdicts and 100 right ones; 5 of each are needed" in sure.auroc.reason
    model = evaluation(300)
    some = with_spreads(model, np.ones(100))
    assert "dropout" not in {o.source for o in error_orders(replace(some, spreads=some.spreads.head(50)))}
    none = scores(300)
    assert error_orders(evaluate(none[none["split"] != "test"], EvaluationSettings(resamples=0))) == ()


def test_a_spread_is_in_probability_where_that_is_calibrated() -> None:
    model = evaluation(600)
    samples = np.array([[0.0, 9.0], [1.0, 9.5], [-1.0, 8.5]])
    spread = spread_of(samples, model.calibration)
    expected = np.std([model.calibration.probability(row) for row in samples], axis=0, ddof=1)
    np.testing.assert_allclose(spread, expected)
    assert spread[1] < 0.1 * spread[0], "far from the threshold the same spread of scores changes nothing"
    rows = scores(600)
    raw = evaluate(rows[~((rows["split"] == "val") & rows["abnormal"])], EvaluationSettings(resamples=0))
    np.testing.assert_allclose(spread_of(samples, raw.calibration), samples.std(axis=0, ddof=1))


def test_the_report_shows_each_measure_and_the_tracker_gets_it(tmp_path: Path) -> None:
    model = with_spreads(evaluation(900, skill=1.0), np.random.default_rng(1).random(300))
    page = Page(write_report(tmp_path, ReportInput(model)).read_text()).text
    for words in ("Which measure finds the mistakes", "distance from the threshold", "spread over 16 passes"):
        assert words in page
    figures = reliance_of(model).figures()
    assert 0 < figures["test/uncertainty/dropout/error_auroc"] < 1
    assert figures["test/conformal_90/coverage"] == pytest.approx(0.9, abs=0.08)
    assert figures["test/risk_coverage/accuracy_of_surest_50"] > figures["test/risk_coverage/accuracy_of_surest_100"]
    assert all(np.isfinite(list(figures.values())))
