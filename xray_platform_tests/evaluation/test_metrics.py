"""Metrics: they equal scikit-learn's where that defines them, for any weights, and say why where they are undefined."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from xray_platform.evaluation.metrics import KINDS, METRICS, Predictions, bin_of, weighted_metrics
from xray_platform_tests.evaluation.invented import predictions

Oracle = Callable[[Predictions, np.ndarray], float]
ORACLES: dict[str, Oracle] = {
    "auroc": lambda j, w: oracle.roc_auc_score(j.labels, j.score, sample_weight=w),
    "average_precision": lambda j, w: oracle.average_precision_score(j.labels, j.score, sample_weight=w),
    "sensitivity": lambda j, w: oracle.recall_score(j.labels, j.predicted, sample_weight=w),
    "specificity": lambda j, w: oracle.recall_score(~j.labels, ~j.predicted, sample_weight=w),
    "ppv": lambda j, w: oracle.precision_score(j.labels, j.predicted, sample_weight=w),
    "npv": lambda j, w: oracle.precision_score(~j.labels, ~j.predicted, sample_weight=w),
    "accuracy": lambda j, w: oracle.accuracy_score(j.labels, j.predicted, sample_weight=w),
    "balanced_accuracy": lambda j, w: oracle.balanced_accuracy_score(j.labels, j.predicted, sample_weight=w),
    "f1": lambda j, w: oracle.f1_score(j.labels, j.predicted, sample_weight=w),
    "mcc": lambda j, w: oracle.matthews_corrcoef(j.labels, j.predicted, sample_weight=w),
    "brier": lambda j, w: oracle.brier_score_loss(j.labels, j.probability, sample_weight=w),
    "nll": lambda j, w: oracle.log_loss(j.labels, j.probability, sample_weight=w),
}


@pytest.mark.parametrize("metric", ORACLES)
@pytest.mark.parametrize("ties", [False, True])
def test_equals_scikit_learn_for_any_weights(metric: str, ties: bool) -> None:
    pictures = predictions(80, seed=3, ties=ties)
    weights = np.random.default_rng(0).integers(0, 4, (5, 80)).astype(np.float64)
    found = weighted_metrics(pictures, weights)[metric]
    assert found == pytest.approx([ORACLES[metric](pictures, row) for row in weights], abs=1e-12)


@given(st.lists(st.integers(0, 3), min_size=12, max_size=12), st.integers(0, 50))
def test_a_weight_is_a_number_of_copies(times: list[int], seed: int) -> None:
    pictures = predictions(12, seed=seed, ties=bool(seed % 2))
    times[0], times[1] = max(times[0], 1), max(times[1], 1)
    copied = np.repeat(np.arange(12), times)
    assert pictures.probability is not None
    many = Predictions(
        pictures.score[copied], pictures.labels[copied], pictures.predicted[copied], pictures.probability[copied]
    )
    weighted = weighted_metrics(pictures, np.array([times], dtype=np.float64))
    plain = weighted_metrics(many, np.ones((1, len(copied))))
    for metric in KINDS:
        assert weighted[metric] == pytest.approx(plain[metric], nan_ok=True), metric


@given(st.integers(0, 1000))
def test_ranking_does_not_care_for_the_scale_of_the_score(seed: int) -> None:
    pictures = predictions(30, seed=seed)
    bent = Predictions(np.exp(pictures.score / 2) + 7, pictures.labels, pictures.predicted, None)
    names = ("auroc", "average_precision")
    assert weighted_metrics(bent, np.ones((1, 30)), names=names) == weighted_metrics(
        pictures, np.ones((1, 30)), names=names
    )


def test_calibration_error_by_hand() -> None:
    score = np.array([0.05, 0.05, 0.95, 0.95])
    pictures = Predictions(score, np.array([False, True, True, True]), score > 0.5, score)
    found = weighted_metrics(pictures, np.ones((1, 4)))["ece"]
    assert found == pytest.approx([(2 * abs(0.05 - 0.5) + 2 * abs(0.95 - 1)) / 4])


def test_bins_reach_from_nothing_to_certainty() -> None:
    assert bin_of(np.array([0.0, 0.0999, 0.1, 0.95, 1.0]), 10).tolist() == [0, 0, 1, 9, 9]


def test_guessing_by_one_score_is_half() -> None:
    pictures = Predictions(np.zeros(4), np.array([True, False, True, False]), np.zeros(4, bool), None)
    assert weighted_metrics(pictures, np.ones((1, 4)), names=["auroc"])["auroc"] == [0.5]


@pytest.mark.parametrize(
    ("labels", "predicted", "undefined"),
    [
        ([True, True], [True, False], {"auroc", "specificity", "balanced_accuracy", "mcc"}),
        (
            [False, False],
            [True, False],
            {"auroc", "average_precision", "sensitivity", "balanced_accuracy", "f1", "mcc"},
        ),
        ([True, False], [False, False], {"ppv", "mcc"}),
        ([True, False], [True, True], {"npv", "mcc"}),
    ],
)
def test_what_is_undefined_is_nan_and_has_a_reason(
    labels: list[bool], predicted: list[bool], undefined: set[str]
) -> None:
    pictures = Predictions(np.array([1.0, 2.0]), np.array(labels), np.array(predicted), np.array([0.2, 0.7]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = weighted_metrics(pictures, np.ones((1, 2)))
    assert {kind.name for kind in METRICS if np.isnan(found[kind.name][0])} == undefined
    assert {kind.name for kind in METRICS if pictures.unmet(kind)} == undefined


def test_no_pictures_leave_everything_undefined() -> None:
    none = Predictions(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool), np.zeros(0))
    found = weighted_metrics(none, np.ones((1, 0)))
    assert all(np.isnan(value[0]) for value in found.values())
    assert {none.unmet(kind) for kind in METRICS} == {"there are no pictures in this part"}


def test_one_confident_mistake_is_dear_but_finite() -> None:
    wrong = Predictions(np.array([1.0]), np.array([False]), np.array([True]), np.array([1.0]))
    assert 10 < weighted_metrics(wrong, np.ones((1, 1)), names=["nll"])["nll"][0] < 20
