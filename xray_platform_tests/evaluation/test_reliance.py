"""Reliance: costs, calibrations, prior shift, conformal sets, rejection: formulas and promises are held to others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import binom, binomtest, norm
from sklearn.metrics import brier_score_loss, log_loss

from xray_platform.evaluation.bootstrap import Draws, measure
from xray_platform.evaluation.calibration import fit_calibration
from xray_platform.evaluation.calibration_comparison import compare_calibrations
from xray_platform.evaluation.conformal_sets import binomial_metric, conformal_sets
from xray_platform.evaluation.evaluate import EvaluationSettings, evaluate
from xray_platform.evaluation.metrics import Predictions
from xray_platform.evaluation.operating import operating_points
from xray_platform.evaluation.prior_shift import estimate_prior, shift_prior
from xray_platform.evaluation.reliance import reliance_of
from xray_platform.evaluation.report import RELIANCE_FILE, write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.selective import curve, risk_coverage
from xray_platform.evaluation.threshold import ThresholdSettings, choose_threshold
from xray_platform_tests.evaluation.invented import QUICK, evaluation, predictions, scores
from xray_platform_tests.evaluation.test_report import Page


@pytest.mark.parametrize("cost", [0.2, 1.0, 10.0, 500.0])
def test_the_cheapest_threshold_is_the_one_that_trying_all_finds(cost: float) -> None:
    some = predictions(200, seed=5)
    chosen = choose_threshold(some.score, some.labels, ThresholdSettings(rule="cost", cost=cost))

    def paid(cut: float) -> float:
        called = some.score >= cut
        return float(cost * (some.labels & ~called).sum() + (~some.labels & called).sum())

    tried = [paid(cut) for cut in (*some.score, np.inf)]
    assert paid(chosen.value) == pytest.approx(min(tried))
    assert f"weighing as much as {cost:g} false alarms" in chosen.explanation


def test_a_missed_finding_that_costs_more_lowers_the_threshold_and_the_report_offers_the_point() -> None:
    some = predictions(300, seed=2)
    cuts = [choose_threshold(some.score, some.labels, ThresholdSettings(rule="cost", cost=c)).value for c in (1, 5, 50)]
    assert cuts == sorted(cuts, reverse=True)
    model = evaluate(scores(), QUICK.model_copy(update={"threshold_rule": "cost", "threshold_cost": 3.0}))
    assert model.threshold.rule == "cost"
    assert operating_points(model)[0].title == "Least cost, a missed finding weighing 3 false alarms"
    assert "Least cost, a missed finding weighing 10 false alarms" in [p.title for p in operating_points(evaluation())]
    alone = np.ones(5, bool)
    assert choose_threshold(np.arange(5.0), alone, ThresholdSettings(rule="cost")).rule == "sensitivity"


def test_the_temperature_is_the_one_that_minimises_the_log_loss() -> None:
    generator = np.random.default_rng(1)
    logit = generator.normal(size=4000)
    labels = generator.random(4000) < expit(logit)
    found = fit_calibration(3.0 * logit, labels, "temperature")
    best = minimize_scalar(lambda t: log_loss(labels, expit(3.0 * logit / t)), bounds=(0.5, 20), method="bounded")
    assert found.scale == pytest.approx(best.x, rel=1e-3)
    assert found.scale == pytest.approx(3.0, rel=0.1)
    assert found.probability(np.array([0.0]))[0] == pytest.approx(0.5)


def test_each_calibration_has_the_figures_that_scikit_learn_gives() -> None:
    rows = scores(1200)
    rows["score"] *= 4  # too sure by far
    model = evaluate(rows, QUICK)
    val, test = model.predictions("val"), model.predictions("test")
    compared = compare_calibrations(model)
    assert [way.method for way in compared.ways] == ["raw", "temperature", "platt", "isotonic"]
    assert [way.method for way in compared.ways if way.chosen] == ["platt"]
    for way in compared.ways:
        said = expit(test.score)
        if way.method != "raw":
            said = fit_calibration(val.score, val.labels, way.method).probability(test.score)
        assert way.metrics["brier"].value == pytest.approx(brier_score_loss(test.labels, said))
        assert way.reliability is not None
    errors = {way.method: way.metrics["ece"].value or 0.0 for way in compared.ways}
    assert errors["platt"] < errors["raw"]


def test_the_prior_is_corrected_by_bayes_rule_and_found_without_labels() -> None:
    generator = np.random.default_rng(3)

    def sample(share: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
        labels = generator.random(count) < share
        return generator.normal(size=count) + 1.5 * labels, labels

    def probability(x: np.ndarray, share: float) -> np.ndarray:
        ill, well = share * norm.pdf(x - 1.5), (1 - share) * norm.pdf(x)
        return np.asarray(ill / (ill + well))

    x, labels = sample(0.1)
    learnt = probability(x, 0.5)
    assert shift_prior(learnt, 0.5, 0.1) == pytest.approx(probability(x, 0.1))
    assert estimate_prior(learnt, 0.5) == pytest.approx(labels.mean(), abs=0.01)
    assert shift_prior(learnt, 0.3, 0.3) == pytest.approx(learnt)
    assert estimate_prior(np.zeros(9), 0.5) == 0


def test_conformal_sets_hold_what_they_promise_on_subjects_not_seen() -> None:
    """Over repeated draws, the mean coverage in each class is at least the promise, and not much above it."""
    held: dict[float, list[float]] = {}
    for seed in range(30):
        rows = scores(600, skill=1.0, seed=seed)
        model = evaluate(rows.assign(subject=rows["image"]), EvaluationSettings(resamples=0))
        for one in conformal_sets(model).sets:
            assert one.normal.value is not None
            assert one.abnormal.value is not None
            held.setdefault(one.promised, []).extend([one.normal.value, one.abnormal.value])
            assert one.single + one.both + one.neither == pytest.approx(1)
    for promised, shares in held.items():
        error = np.std(shares) / np.sqrt(len(shares))
        assert promised - 3 * error < np.mean(shares) < promised + 0.02 + 3 * error


def test_exact_intervals_are_those_of_scipy() -> None:
    for hits, among in ((0, 10), (7, 20), (20, 20)):
        metric, other = binomial_metric("x", hits, among, 0.95), binomtest(hits, among).proportion_ci(0.95)
        assert (metric.low, metric.high) == pytest.approx((other.low, other.high))
    assert binomial_metric("x", 0, 0, 0.95).value is None


def test_the_risk_coverage_curve_is_that_of_a_worked_example_and_sorts_by_sureness() -> None:
    coverage, risk = curve(np.array([0.9, 0.1, 0.5, 0.5]), np.array([False, True, True, False]))
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0, 0.25, 1 / 3, 0.5])
    model = evaluation(1200)
    found = risk_coverage(model)
    assert found.risk[-1] == pytest.approx(1 - (model.value("accuracy") or 0))
    assert found.area == pytest.approx(np.mean(found.risk))
    accuracy = [point.metrics["accuracy"].value or 0 for point in found.points]
    assert accuracy[-1] > accuracy[0] + 0.05, "the surest half is not better"
    assert found.points[0].kept == 1
    for point in found.points:
        assert point.kept == pytest.approx(point.wanted, abs=0.1)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Two pictures a subject, normal scores: the true AUROC is known; both figures are covered at the nominal rate."""
    skill, rounds, covered = 1.0, 200, {"auroc": 0, "sensitivity": 0}
    truth = {"auroc": norm.cdf(skill / np.sqrt(2)), "sensitivity": norm.cdf(skill - 0.5)}
    generator = np.random.default_rng(12)
    for _ in range(rounds):
        subject = np.repeat(np.arange(80), 2)
        labels = subject % 2 == 0
        shared = generator.normal(size=80)[subject]
        score = np.sqrt(0.5) * shared + np.sqrt(0.5) * generator.normal(size=160) + skill * labels
        pictures = Predictions(score, labels, score >= 0.5, None)
        found = measure(pictures, subject.astype(str).astype(object), Draws(400), ("auroc", "sensitivity"))
        for name, metric in found.items():
            assert metric.low is not None
            assert metric.high is not None
            covered[name] += metric.low <= truth[name] <= metric.high
    low, high = binom.interval(0.999, rounds, 0.95)
    for name, times in covered.items():
        assert low - 4 <= times <= high, name  # percentile intervals of 40 subjects a class are a trifle short


@pytest.mark.parametrize("hostile", ["one class in val", "one class in test", "three pictures", "constant", "no test"])
def test_a_report_comes_out_of_hostile_scores_and_says_what_is_missing(hostile: str, tmp_path: Path) -> None:
    rows = scores(300)
    val, test = rows["split"] == "val", rows["split"] == "test"
    said = "Uncertainty"
    if hostile == "one class in val":
        rows, said = rows[~(val & rows["abnormal"])], "Not computed: the validation part holds one class only."
    elif hostile == "one class in test":
        rows, said = rows[~(test & rows["abnormal"])], "Sets with a promise"
    elif hostile == "three pictures":
        rows = pd.concat([rows[val], rows[test].head(3)])
    elif hostile == "constant":
        rows["score"] = 1.0
    else:
        rows, said = rows[~test], "Not computed: the test part holds no pictures."
    model = evaluate(rows, EvaluationSettings(resamples=50))
    assert said in Page(write_report(tmp_path, ReportInput(model)).read_text()).text
    assert reliance_of(model).model_validate_json((tmp_path / RELIANCE_FILE).read_text()) == reliance_of(model)
