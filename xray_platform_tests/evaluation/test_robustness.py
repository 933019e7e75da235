"""Robustness: figures of spoilt pictures are right and paired with the clean ones; hostile scores are told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from xray_platform.evaluation.bootstrap import Draws
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.load_evaluation import load_evaluation
from xray_platform.evaluation.report import ROBUSTNESS_FILE, write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.robustness import (
    CLEAN,
    GUARDED,
    Condition,
    Robustness,
    measure_robustness,
    robustness_sample,
)
from xray_platform.imaging.corruptions import KINDS
from xray_platform_tests.evaluation.invented import evaluation
from xray_platform_tests.evaluation.test_report import Page

FEW = Draws(resamples=300)
Scores = dict[Condition, np.ndarray]


def tried(model: Evaluation, worse: float = 0.8, rows: pd.DataFrame | None = None) -> tuple[pd.DataFrame, Scores]:
    """Test pictures, and their scores under two severities of each kind, with more noise at the second."""
    rows = model.part("test") if rows is None else rows
    clean, generator = rows["score"].to_numpy(float), np.random.default_rng(4)
    scores = {CLEAN: clean}
    for kind in KINDS:
        for severity in (1, GUARDED):
            scores[kind.name, severity] = clean + worse * severity * generator.normal(size=len(clean))
    return rows, scores


def found(model: Evaluation, rows: pd.DataFrame, scores: Scores, draws: Draws = FEW) -> Robustness:
    return measure_robustness(rows, scores, model.threshold, draws, len(rows))


def test_figures_are_those_of_scikit_learn_at_the_frozen_threshold() -> None:
    model = evaluation(600)
    rows, scores = tried(model)
    robustness = found(model, rows, scores)
    labels = rows["abnormal"].to_numpy(bool)
    losses: list[float] = []
    for one in robustness.each:
        score = scores[one.kind, one.severity]
        area = roc_auc_score(labels, score)
        assert one.auroc.value == pytest.approx(area)
        assert one.sensitivity.value == pytest.approx((score[labels] >= model.threshold.value).mean())
        assert one.specificity.value == pytest.approx((score[~labels] < model.threshold.value).mean())
        lost = float(roc_auc_score(labels, scores[CLEAN]) - area)
        assert one.loss.value == pytest.approx(lost)
        losses += [lost] if one.severity == GUARDED else []
    assert robustness.loss is not None
    assert robustness.loss.value == pytest.approx(np.mean(losses))
    assert robustness.loss.low is not None
    assert robustness.loss.high is not None
    assert robustness.loss.low < np.mean(losses) < robustness.loss.high
    assert model.value("auroc") == pytest.approx(robustness.clean["auroc"].value)


def test_pictures_that_do_not_change_the_scores_cost_nothing_and_the_interval_is_paired() -> None:
    model = evaluation(300)
    rows, scores = tried(model, worse=0)
    robustness = found(model, rows, scores)
    assert robustness.loss is not None
    assert robustness.loss.value == 0
    assert robustness.loss.reason == "no interval: every draw gives the same value"
    rows, scores = tried(model, worse=0.05)
    one = found(model, rows, scores).each[0]
    assert one.loss.high is not None
    assert one.loss.low is not None
    assert one.auroc.high is not None
    assert one.auroc.low is not None
    assert one.loss.high - one.loss.low < (one.auroc.high - one.auroc.low) / 3


def test_the_sample_has_both_classes_in_equal_numbers_and_is_the_same_each_time() -> None:
    rows = pd.DataFrame({"abnormal": np.arange(1000) % 10 == 0, "image": np.arange(1000)})
    kept = robustness_sample(rows, 100, 0)
    assert (len(kept), int(kept["abnormal"].sum())) == (100, 50)
    assert kept.equals(robustness_sample(rows, 100, 0))
    assert not kept.equals(robustness_sample(rows, 100, 1))
    few = robustness_sample(rows, 400, 0)
    assert (len(few), int(few["abnormal"].sum())) == (400, 100)
    assert len(robustness_sample(rows, 5000, 0)) == 1000
    assert len(robustness_sample(rows[rows["abnormal"]], 60, 0)) == 60
    assert robustness_sample(rows.iloc[:0], 60, 0).empty


def one_class(rows: pd.DataFrame, scores: Scores) -> tuple[pd.DataFrame, Scores]:
    return rows.assign(abnormal=True), scores


def three_pictures(rows: pd.DataFrame, scores: Scores) -> tuple[pd.DataFrame, Scores]:
    return rows.iloc[:3], {condition: score[:3] for condition, score in scores.items()}


def constant(rows: pd.DataFrame, scores: Scores) -> tuple[pd.DataFrame, Scores]:
    return rows, {condition: np.ones(len(rows)) for condition in scores}


def no_number(rows: pd.DataFrame, scores: Scores) -> tuple[pd.DataFrame, Scores]:
    return rows, {**scores, ("blur", GUARDED): np.where(np.arange(len(rows)) < 2, np.nan, scores["blur", GUARDED])}


@pytest.mark.parametrize(
    ("hostile", "said"),
    [
        (one_class, "there are no normal pictures in this part"),
        (three_pictures, "By kind and severity"),
        (constant, "0.500"),
        (no_number, f"2 of {len(evaluation().part('test'))} scores are no finite numbers"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_report_comes_out_of_hostile_scores_and_says_what_is_missing(
    hostile: Callable[[pd.DataFrame, Scores], tuple[pd.DataFrame, Scores]], said: str, tmp_path: Path
) -> None:
    model = evaluation()
    robustness = found(model, *hostile(*tried(model)))
    judged = replace(model, robustness=robustness)
    page = Page(write_report(tmp_path, ReportInput(judged)).read_text())
    assert said in page.text
    lines = pd.read_csv(tmp_path / ROBUSTNESS_FILE)
    assert len(lines) == 2 * len(KINDS)
    again = load_evaluation(tmp_path / "metrics" / "metrics.json", judged.rows)
    assert again.robustness == robustness
    defined = {name: value for name, value in robustness.figures().items() if value is not None}
    assert {name: value for name, value in judged.figures().items() if name.startswith("robustness/")} == defined


def test_where_nothing_was_tried_the_report_says_why(tmp_path: Path) -> None:
    model = evaluation()
    assert "these scores were made without it" in Page(write_report(tmp_path, ReportInput(model)).read_text()).text
    none = replace(model, robustness=Robustness(reason="the settings ask for no corruption"))
    assert (
        "Not tried: the settings ask for no corruption."
        in Page(write_report(tmp_path, ReportInput(none)).read_text()).text
    )
