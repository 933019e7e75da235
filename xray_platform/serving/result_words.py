"""Result words: what a prediction means for who reads it: how unsure it is, and what to do; never a diagnosis."""

from typing import Literal

from xray_platform.serving.prediction import Prediction
from xray_platform.serving.uncertainty import uncertainty

Words = dict[str, str]
Unsure = Literal["low", "middle", "high"]
LOW, HIGH = 1 / 3, 2 / 3
"""Uncertainty up to which it is called low, and above which it is called high."""


def unsure(value: float) -> Unsure:
    """Return what an uncertainty in [0, 1] is called."""
    return "high" if value > HIGH else "middle" if value > LOW else "low"


def result_words(prediction: Prediction, words: Words) -> dict[str, object]:
    """Return the uncertainty as a number and in words, and the advice, in the words of the reading room.

    What quality would quarantine has that as its first advice: the model knows no such images.
    """
    value = uncertainty(prediction.probability, prediction.threshold_probability)
    advice = [words["quality_quarantine"]] if prediction.quarantine else []
    return {
        "uncertainty": round(value, 4),
        "uncertainty_words": words[f"uncertainty_{unsure(value)}"].format(value=f"{value:.2f}"),
        "advice": " ".join([*advice, words[f"advice_{prediction.verdict}"]]),
    }
