"""Several classes: every figure is scikit-learn's, intervals draw subjects, and nothing contradicts normal/abnormal."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    confusion_matrix,
    precision_score,
    recall_score,
    roc_auc_score,
)

from xray_platform.errors import InputError
from xray_platform.evaluation.bootstrap import Draws, subject_codes, weightings
from xray_platform.evaluation.class_metrics import measure_classes
from xray_platform.evaluation.class_outputs import ClassOutputs, ClassPredictions, present_classes
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings, evaluate
from xray_platform.evaluation.load_evaluation import load_evaluation
from xray_platform.evaluation.metrics import Numbers
from xray_platform.tables.findings import ManyClasses
from xray_platform_tests.evaluation.invented import scores

CLASSES = ("normal", "bacteria", "virus")
QUICK = EvaluationSettings(resamples=100)


def invented(
    pictures: int = 600, *, target: ManyClasses = "label", skill: float = 1.5
) -> tuple[pd.DataFrame, ClassOutputs]:
    """Scores of three classes; with `findings` some pictures have two."""
    rows = scores(pictures)
    generator = np.random.default_rng(7)
    kinds = [("bacteria", "virus", "bacteria|virus")[number % (3 if target == "findings" else 2)]
             for number in generator.integers(0, 6, pictures)]  # fmt: skip
    rows["findings"] = np.where(rows["abnormal"], kinds, "normal")
    present = present_classes(list(rows["findings"]), CLASSES)
    values = generator.normal(size=present.shape) + skill * present
    rest = np.log(np.exp(values[:, 1:]).sum(axis=1))
    rows["score"] = rest - values[:, 0] if target == "label" else -values[:, 0]
    return rows, ClassOutputs(target, CLASSES, values)


def judged(target: ManyClasses = "label", settings: EvaluationSettings = QUICK) -> Evaluation:
    rows, outputs = invented(target=target)
    return evaluate(rows, settings, outputs=outputs)


def wide(evaluation: Evaluation, column: str, split: str = "test") -> Numbers:
    rows = evaluation.class_rows[evaluation.class_rows["split"] == split]
    return rows[column].to_numpy().reshape(-1, len(CLASSES))


@pytest.mark.parametrize("target", ["label", "findings"])
def test_ranking_of_each_class_and_its_averages_are_those_of_scikit_learn(target: ManyClasses) -> None:
    evaluation = judged(target)
    present, probability = wide(evaluation, "present").astype(bool), wide(evaluation, "probability").astype(float)
    assert evaluation.classes is not None
    found = evaluation.classes.metrics["test"]
    for column, name in enumerate(CLASSES):
        truth, chance = present[:, column], probability[:, column]
        assert found.each[name]["auroc"].value == pytest.approx(roc_auc_score(truth, chance))
        assert found.each[name]["average_precision"].value == pytest.approx(average_precision_score(truth, chance))
    for average, figures in (("macro", found.macro), ("micro", found.micro)):
        assert figures["auroc"].value == pytest.approx(roc_auc_score(present, probability, average=average))
        assert figures["average_precision"].value == pytest.approx(
            average_precision_score(present, probability, average=average)
        )


def test_named_classes_are_the_likeliest_and_their_figures_those_of_scikit_learn() -> None:
    evaluation = judged()
    truth, named = wide(evaluation, "present").argmax(axis=1), wide(evaluation, "probability").argmax(axis=1)
    assert evaluation.classes is not None
    found = evaluation.classes.metrics["test"]
    table = confusion_matrix(truth, named)
    assert np.array_equal(found.confusion, table)
    assert found.overall["accuracy"].value == pytest.approx(accuracy_score(truth, named))
    assert found.overall["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(truth, named))
    for column, name in enumerate(CLASSES):
        one, called = truth == column, named == column
        assert found.each[name]["sensitivity"].value == pytest.approx(recall_score(one, called))
        assert found.each[name]["specificity"].value == pytest.approx(recall_score(~one, ~called))
        assert found.each[name]["ppv"].value == pytest.approx(precision_score(one, called))


def test_intervals_draw_whole_subjects_as_weights_in_scikit_learn_do() -> None:
    rows, outputs = invented(120)
    present = present_classes(list(rows["findings"]), CLASSES)
    probability = np.exp(outputs.logits) / np.exp(outputs.logits).sum(axis=1, keepdims=True)
    named = probability == probability.max(axis=1, keepdims=True)
    draws = Draws(resamples=60)
    found = measure_classes(ClassPredictions(CLASSES, present, probability, named), list(rows["subject"]), draws)
    codes, number = subject_codes(list(rows["subject"]))
    weights = np.concatenate(list(weightings(codes, number, draws)))
    macro = [roc_auc_score(present, probability, average="macro", sample_weight=one) for one in weights]
    micro = [roc_auc_score(present.ravel(), probability.ravel(), sample_weight=np.repeat(one, 3)) for one in weights]
    right = [accuracy_score(present.argmax(axis=1), named.argmax(axis=1), sample_weight=one) for one in weights]
    for metric, values in ((found.macro["auroc"], macro), (found.micro["auroc"], micro),
                           (found.overall["accuracy"], right)):  # fmt: skip
        assert (metric.low, metric.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


@pytest.mark.parametrize("target", ["label", "findings"])
def test_normal_has_what_is_left_of_the_probability_of_being_abnormal(target: ManyClasses) -> None:
    evaluation = judged(target)
    for split in ("train", "val", "test"):
        chances = wide(evaluation, "probability", split).astype(float)
        assert np.allclose(1 - chances[:, 0], evaluation.part(split)["probability"])
        if target == "label":
            assert np.allclose(chances.sum(axis=1), 1)


def test_the_temperature_makes_the_findings_of_validation_likeliest() -> None:
    evaluation = judged()
    assert evaluation.classes is not None
    val = evaluation.class_rows[evaluation.class_rows["split"] == "val"]
    present = val["present"].to_numpy(bool).reshape(-1, 3)
    logits = val["score"].to_numpy(float).reshape(-1, 3)[~present[:, 0], 1:]
    truth = present[~present[:, 0], 1:]

    def loss(temperature: float) -> float:
        raised = np.exp(logits / temperature)
        return float(-np.log((raised / raised.sum(axis=1, keepdims=True))[truth]).mean())

    temperature = evaluation.classes.judgement.calibration.temperature
    assert loss(temperature) <= min(loss(other) for other in np.geomspace(0.2, 10, 60)) + 1e-6


def test_calibration_and_thresholds_see_the_validation_part_alone() -> None:
    for target in ("label", "findings"):
        rows, outputs = invented(target=target)
        first = evaluate(rows, QUICK, outputs=outputs)
        test = (rows["split"] == "test").to_numpy()
        changed = np.where(test[:, None], -outputs.logits, outputs.logits)
        second = evaluate(rows, QUICK, outputs=ClassOutputs(target, CLASSES, changed))
        assert first.classes
        assert second.classes
        assert first.classes.judgement == second.classes.judgement


def test_an_evaluation_is_read_back_as_it_was(tmp_path: Path) -> None:
    evaluation = judged("findings")
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps(evaluation.dump(), allow_nan=False))
    again = load_evaluation(file, evaluation.rows, evaluation.class_rows)
    assert again.classes == evaluation.classes
    assert again.figures() == evaluation.figures()


def test_a_class_without_pictures_is_undefined_and_no_average_counts_it() -> None:
    rows, outputs = invented()
    classes = (*CLASSES, "fungus")
    values = np.concatenate([outputs.logits, outputs.logits[:, :1] - 9], axis=1)
    evaluation = evaluate(rows, QUICK, outputs=ClassOutputs("label", classes, values))
    assert evaluation.classes is not None
    found = evaluation.classes.metrics["test"]
    assert found.each["fungus"]["auroc"].value is None
    assert found.pictures["fungus"] == 0
    each = [found.each[name]["auroc"].value or 0.0 for name in CLASSES]
    assert found.macro["auroc"].value == pytest.approx(np.mean(each))


def test_outputs_that_do_not_fit_are_refused() -> None:
    rows, outputs = invented(60)
    with pytest.raises(InputError, match="normal comes first"):
        evaluate(rows, QUICK, outputs=ClassOutputs("label", ("virus", "bacteria", "normal"), outputs.logits))
    with pytest.raises(InputError, match=r"outputs of shape \(59, 3\) for 60 pictures"):
        evaluate(rows, QUICK, outputs=ClassOutputs("label", CLASSES, outputs.logits[:-1]))
