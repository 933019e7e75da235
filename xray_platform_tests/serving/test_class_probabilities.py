"""Class probabilities: a model of several classes says them beside the verdict, in text and as one JSON."""

import json
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from xray_platform.evaluation.calibration import fit_calibration
from xray_platform.evaluation.class_calibration import fit_class_calibration
from xray_platform.evaluation.class_judgement import ClassJudgement
from xray_platform.evaluation.class_outputs import ClassOutputs
from xray_platform.evaluation.threshold import choose_threshold
from xray_platform.models.contract import FittedModel
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import PredictedFile
from xray_platform.tables.findings import ManyClasses
from xray_platform.training.abnormal_score import abnormal_score
from xray_platform_tests.serving.bundles import SIDE, facts, pictures

CLASSES = ("normal", "bacteria", "virus")


@dataclass(frozen=True)
class Brightness:
    """A model of three classes whose outputs hang on the mean of the picture."""

    target: ManyClasses

    def class_logits(self, images: NDArray[np.float32]) -> NDArray[np.float64]:
        mean = images.mean(axis=(1, 2)).astype(np.float64)
        return np.stack([4 - 8 * mean, 3 * mean, 6 * mean - 1], axis=1)

    def score(self, images: NDArray[np.float32]) -> NDArray[np.float64]:
        return abnormal_score(self.class_logits(images), self.target)

    def heatmap(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.zeros_like(images)


def predictor(target: ManyClasses) -> Predictor:
    model = Brightness(target)
    images = pictures(60) * np.linspace(0, 1, 60, dtype=np.float32)[:, None, None]
    logits = model.class_logits(images)
    present = np.zeros((60, 3), dtype=bool)
    present[np.arange(60), np.where(np.arange(60) < 30, 0, 1 + np.arange(60) % 2)] = True
    score = model.score(images)
    judgement = ClassJudgement(
        calibration=fit_class_calibration(ClassOutputs(target, CLASSES, logits), present, "platt", calibrated=True),
        thresholds={name: choose_threshold(logits[:, place], present[:, place]) for place, name in enumerate(CLASSES)}
        if target == "findings"
        else {},
    )
    known = facts().model_copy(
        update={
            "threshold": choose_threshold(score, ~present[:, 0]),
            "calibration": fit_calibration(score, ~present[:, 0]),
            "classes": judgement,
        }
    )
    return Predictor(known, cast("FittedModel", model))


def png() -> bytes:
    rng = np.random.default_rng(0)
    hill = 200 * np.exp(-np.hypot(*np.mgrid[-1:1:300j, -1:1:300j]))
    return bytes(cv2.imencode(".png", (rng.integers(0, 30, (300, 300)) + hill).astype(np.uint8))[1].tobytes())


def test_the_score_is_the_logit_of_the_probability_of_not_being_normal() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 4)) * 3
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(abnormal_score(logits, "label"), np.log((1 - chances[:, 0]) / chances[:, 0]))
    assert np.allclose(abnormal_score(logits, "findings"), -logits[:, 0])


@pytest.mark.parametrize("target", ["label", "findings"])
def test_a_prediction_names_classes_beside_its_verdict(target: ManyClasses) -> None:
    made = predictor(target).predict(png())
    assert [one.name for one in made.classes] == list(CLASSES)
    assert 1 - made.classes[0].probability == pytest.approx(made.probability)
    if target == "label":
        assert sum(one.probability for one in made.classes) == pytest.approx(1)
        assert made.named == (max(made.classes, key=lambda one: one.probability).name,)


def test_one_verdict_is_one_json_with_its_classes() -> None:
    made = predictor("label").predict(png())
    said = json.loads(json.dumps(PredictedFile("a.png", made).as_json()))
    assert said["file"] == "a.png"
    assert said["named"] == list(made.named)
    assert [one["class"] for one in said["classes"]] == list(CLASSES)
    assert {name: value for name, value in said.items() if name != "file"} == json.loads(json.dumps(made.as_json()))


def test_text_has_the_classes_on_a_line_of_their_own_the_likeliest_first() -> None:
    made = predictor("label").predict(png())
    line = PredictedFile("a.png", made).as_text()[1]
    ranked = sorted(made.classes, key=lambda one: -one.probability)
    assert line == f"  {made.named[0]} named: " + ", ".join(f"{one.name} {one.probability:.2f}" for one in ranked)


def test_a_model_of_two_classes_says_nothing_of_them() -> None:
    model = predictor("label")
    made = replace(model, facts=model.facts.model_copy(update={"classes": None})).predict(png())
    assert made.classes == ()
    assert {"named", "classes"}.isdisjoint(made.as_json())
    assert SIDE == 32
