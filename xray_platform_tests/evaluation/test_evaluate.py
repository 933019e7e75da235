"""Evaluate: from scores to threshold, probabilities, verdicts and figures; nothing leaks from the test part."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.evaluation.evaluate import evaluate
from xray_platform.evaluation.load_evaluation import load_evaluation
from xray_platform.evaluation.metrics import KINDS
from xray_platform.tables.all import SCORES
from xray_platform_tests.evaluation.invented import QUICK, evaluation, scores


def test_rows_are_the_table_of_scores_in_the_order_they_came() -> None:
    given = scores(60).sample(frac=1, random_state=1).assign(batch="batch-0001")
    predictions = evaluate(given, QUICK, model="invented")
    assert list(predictions.rows.columns) == [column.name for column in SCORES.columns]
    assert predictions.rows["image"].tolist() == given["image"].tolist()
    assert (predictions.rows["model"] == "invented").all()
    assert (
        (predictions.rows["verdict"] == "abnormal") == (predictions.rows["score"] >= predictions.threshold.value)
    ).all()


def test_threshold_and_probabilities_do_not_see_the_test_part() -> None:
    given = scores(120)
    other = given.copy()
    other.loc[other["split"] != "val", "score"] = np.random.default_rng(9).normal(
        size=int((other["split"] != "val").sum())
    )
    other.loc[other["split"] != "val", "abnormal"] = ~other.loc[other["split"] != "val", "abnormal"]
    one, two = evaluate(given, QUICK, model="a"), evaluate(other, QUICK, model="a")
    assert one.threshold == two.threshold
    assert one.calibration == two.calibration
    assert one.metrics["val"] == two.metrics["val"]
    assert one.metrics["test"] != two.metrics["test"]


def test_a_skilful_model_is_found_skilful() -> None:
    predictions = evaluation(600, skill=2.0)
    auroc = predictions.value("auroc")
    assert auroc == pytest.approx(0.921, abs=0.05)  # two normals two deviations apart: 0.921
    assert predictions.metrics["train"]["auroc"].low is None
    assert predictions.metrics["val"]["auroc"].low is not None


def test_figures_are_flat_finite_and_named_by_part() -> None:
    figures = evaluation(200).figures()
    interval = {"test/interval/auroc_low", "test/interval/auroc_high"}
    assert {"val/auroc", "test/auroc", "train/mcc"} | interval <= set(figures)
    assert "train/interval/auroc_low" not in figures
    assert all(np.isfinite(value) for value in figures.values())


def test_it_survives_the_disk(tmp_path: Path) -> None:
    predictions = evaluation(200)
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps(predictions.dump(), allow_nan=False))
    again = load_evaluation(file, predictions.rows)
    assert again.metrics == predictions.metrics
    assert again.threshold == predictions.threshold
    assert again.settings == predictions.settings
    assert again.dump() == predictions.dump()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"model": "a", "metrics": {"test": {"auroc": {}}}}'])
def test_a_damaged_file_is_no_evaluation(tmp_path: Path, text: str) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(text)
    with pytest.raises(StoreError, match="holds no evaluation"):
        load_evaluation(file, scores(4))


def test_a_missing_file_is_no_evaluation(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no evaluation"):
        load_evaluation(tmp_path / "nothing.json", scores(4))


def test_counts_tell_pictures_from_subjects() -> None:
    counts = evaluation(120).dump()["counts"]["test"]
    assert counts["pictures"] == 2 * counts["subjects"] == counts["normal"] + counts["abnormal"]


def test_without_abnormal_pictures_there_is_a_verdict_but_no_skill() -> None:
    normal = scores(300).assign(abnormal=False)
    predictions = evaluate(normal, QUICK, model="quiet")
    assert predictions.value("auroc") is None
    assert predictions.metrics["test"]["auroc"].reason == "there are no abnormal pictures in this part"
    specificity = predictions.value("specificity")
    assert specificity == pytest.approx(0.95, abs=0.1)
    assert predictions.value("brier") is None
    assert predictions.rows["probability"].between(0, 1).all()


def test_an_empty_test_part_has_reasons_for_every_figure() -> None:
    given = scores(60)
    predictions = evaluate(given[given["split"] != "test"], QUICK, model="untested")
    assert {metric.reason for metric in predictions.metrics["test"].values()} == {"there are no pictures in this part"}
    assert set(predictions.metrics["test"]) == set(KINDS)


def test_the_same_subjects_are_drawn_for_every_model() -> None:
    given = scores(200)
    one, two = (evaluate(given.assign(score=given["score"] * times), QUICK, model="a") for times in (1, 5))
    assert one.metrics["test"]["auroc"] == two.metrics["test"]["auroc"]


def broken(**columns: Any) -> pd.DataFrame:
    return scores(30).assign(**columns)


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (scores(30).drop(columns=["subject"]), InputError, "lack the columns subject; needed are image, subject"),
        (broken(split="holdout"), InputError, "unknown split holdout .* allowed: train, val, test"),
        (broken(score=np.nan), DataError, "30 of 30 scores of odd are no finite numbers"),
        (broken(score=np.inf), DataError, "no finite numbers"),
        (broken(abnormal=None), DataError, "30 scores of odd have no label; allowed: true or false"),
        (broken(split="test"), DataError, "the validation part is empty"),
        (scores(30).iloc[:0], DataError, "the validation part is empty"),
    ],
)
def test_scores_that_cannot_be_judged_are_refused(frame: pd.DataFrame, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        evaluate(frame, QUICK, model="odd")


def test_a_threshold_that_holds_in_each_batch_is_the_highest_of_theirs() -> None:
    given = scores(600).assign(batch="batch-0001")
    given.loc[300:, "batch"] = "batch-0002"
    given.loc[300:, "score"] += 2.0
    rule = QUICK.model_copy(update={"threshold_rule": "specificity"})
    together = evaluate(given, rule)
    apart = evaluate(given, rule.model_copy(update={"threshold_groups": "batch"}))
    assert apart.threshold.value > together.threshold.value
    assert "the highest, of batch-0002, is taken" in apart.threshold.explanation
    with pytest.raises(InputError, match="lack the column batch"):
        evaluate(scores(60), rule.model_copy(update={"threshold_groups": "batch"}))
