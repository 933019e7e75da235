"""Alarm rate: how often a batch is told from the rest, when the rows of a history are dealt out anew."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from xray_platform.evaluation.dataset.drift import OF_PICTURES, DriftSettings, FactSet, drift_of

Change = Callable[[pd.DataFrame], pd.DataFrame]


def unchanged(batch: pd.DataFrame) -> pd.DataFrame:
    """Return a batch as it is."""
    return batch


def alarm_rate(
    facts: pd.DataFrame, size: int, rounds: int, change: Change = unchanged, compared: FactSet = OF_PICTURES
) -> float:
    """Return the share of shuffles in which a batch of `size` rows of `facts`, changed, is an alarm beside the rest."""
    generator, settings, raised = np.random.default_rng(0), DriftSettings(), 0
    for _ in range(rounds):
        shuffled = facts.iloc[generator.permutation(len(facts))]
        batch, reference = change(shuffled.head(size)), shuffled.iloc[size:]
        raised += drift_of("batch", batch, reference, settings, compared).outcome == "drifted"
    return raised / rounds
