"""The alarm rate of a made-up history: little where nothing changed, all where all of a batch did, the same again."""

import numpy as np
import pandas as pd

from xray_platform.bench.alarm_rate import alarm_rate
from xray_platform.evaluation.dataset.drift import OF_PREDICTIONS

GENERATOR = np.random.default_rng(7)
HISTORY = pd.DataFrame(
    {
        "batch": "one",
        "score": GENERATOR.normal(size=300),
        "probability": GENERATOR.uniform(size=300),
        "distance": GENERATOR.normal(1.0, 0.1, size=300),
        "verdict": GENERATOR.choice(["normal", "abnormal"], size=300),
        "embedding": list(GENERATOR.normal(size=(300, 8)).astype(np.float32)),
    }
)


def test_a_history_without_a_change_raises_hardly_an_alarm() -> None:
    assert alarm_rate(HISTORY, 60, 40, compared=OF_PREDICTIONS) <= 0.05


def test_a_batch_that_was_changed_is_told_from_the_rest() -> None:
    moved = alarm_rate(HISTORY, 60, 10, lambda batch: batch.assign(score=batch["score"] + 2), OF_PREDICTIONS)
    assert moved == 1.0


def test_the_same_shuffles_are_dealt_out_each_time() -> None:
    dealt: list[list[int]] = []
    for _ in range(2):
        alarm_rate(HISTORY, 60, 3, lambda batch: dealt.append(list(batch.index)) or batch, OF_PREDICTIONS)  # type: ignore[func-returns-value]
    assert dealt[:3] == dealt[3:]
    assert dealt[0] != dealt[1]
