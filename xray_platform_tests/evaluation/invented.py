"""Invented scores: models of known skill, judged pictures and report inputs without any picture on disk."""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings, evaluate
from xray_platform.evaluation.gallery import Samples, pick_pictures
from xray_platform.evaluation.metrics import Predictions

QUICK = EvaluationSettings(resamples=100)


def name(number: int) -> str:
    return hashlib.sha256(f"picture {number}".encode()).hexdigest()


def scores(pictures: int = 400, *, skill: float = 1.5, seed: int = 0) -> pd.DataFrame:
    """Scores of two pictures a subject; `skill` is the distance of the classes in standard deviations."""
    generator = np.random.default_rng(seed)
    subject = np.arange(pictures) // 2
    labels = subject // 3 % 2 == 0
    split = np.array(["train", "val", "test"])[subject % 3]
    return pd.DataFrame(
        {
            "image": [name(number)[:16] for number in range(pictures)],
            "subject": [f"sub-{number:016x}" for number in subject],
            "split": split,
            "abnormal": labels,
            "score": generator.normal(size=pictures) + skill * labels,
        }
    )


def hashes(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"image": rows["image"], "sha256": [name(number) for number in range(len(rows))]})


def evaluation(
    pictures: int = 400, *, skill: float = 1.5, settings: EvaluationSettings = QUICK, model: str = "invented"
) -> Evaluation:
    return evaluate(scores(pictures, skill=skill), settings, model=model)


def predictions(pictures: int = 60, *, seed: int = 0, ties: bool = False) -> Predictions:
    generator = np.random.default_rng(seed)
    labels = generator.random(pictures) < 0.5
    labels[:2] = [True, False]
    score = generator.normal(size=pictures) + labels
    score = np.round(score) if ties else score
    return Predictions(score, labels, score > 0.5, 1 / (1 + np.exp(-score)))


def samples(judged_model: Evaluation, side: int = 24) -> Samples:
    names = tuple(pick_pictures(judged_model, 2))
    generator = np.random.default_rng(1)
    pictures: NDArray[np.float32] = generator.random((len(names), side, side), dtype=np.float32)
    return Samples(names, pictures, pictures[::-1].copy())
