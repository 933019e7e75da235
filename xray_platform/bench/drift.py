"""Drift: how often a batch raises an alarm where nothing changed, and where something did, on a store's own pictures.

The subjects of all batches are shuffled and dealt out anew: history without any drift. A change is then made in the
batch alone. Where the store has a champion, what it sees is compared as well.
"""

import numpy as np
import pandas as pd

from xray_platform.bench.alarm_rate import Change, alarm_rate
from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.drift_seen import measure_seen
from xray_platform.errors import InputError
from xray_platform.evaluation.dataset.drift import DriftSettings, facts_of
from xray_platform.progress import Progress
from xray_platform.tables.all import IMAGES, STANDARD_IMAGES
from xray_platform.tables.places import Places

SIZES = (30, 60, 100, 200)
ROUNDS = 500
CHANGED_ROUNDS = 50


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Shuffle the subjects of the store and compare made-up batches with the rest."""
    places = Places(inputs.root)
    facts = facts_of(IMAGES.read(places), STANDARD_IMAGES.read(places))
    if len(facts) < 2 * SIZES[0]:
        raise InputError(f"{inputs.root} has pictures of {len(facts)} subjects; at least {2 * SIZES[0]} are needed")
    sizes = [size for size in SIZES if 2 * size <= len(facts)]
    figures: dict[str, float | int | str] = {
        "note": f"{len(facts)} subjects of the store; {ROUNDS} shuffles a size, {CHANGED_ROUNDS} for each change",
        "alarm rate that is set": DriftSettings().alarm_rate,
    }
    for place, size in enumerate(sizes):
        figures[f"false alarms, batches of {size} subjects"] = alarm_rate(facts, size, ROUNDS)
        for name, change in CHANGES.items():
            figures[f"found, {name}, {size} subjects"] = alarm_rate(facts, size, CHANGED_ROUNDS, change)
        progress(place + 1, len(sizes), "sizes")
    return figures | dict(measure_seen(places, SIZES, progress))


def _half_blurred(batch: pd.DataFrame) -> pd.DataFrame:
    return _half(batch, lambda rows: rows.assign(sharpness=rows["sharpness"] * 0.7))


def _all_brighter(batch: pd.DataFrame) -> pd.DataFrame:
    return batch.assign(grey_mean=np.minimum(batch["grey_mean"] + 0.1, 1.0))


def _half_of_another_maker(batch: pd.DataFrame) -> pd.DataFrame:
    return _half(batch, lambda rows: rows.assign(manufacturer="another"))


def _half(batch: pd.DataFrame, change: Change) -> pd.DataFrame:
    middle = len(batch) // 2
    return pd.concat([change(batch.iloc[:middle]), batch.iloc[middle:]])


CHANGES: dict[str, Change] = {
    "half of them blurred to 0.7 of the sharpness": _half_blurred,
    "all of them brighter by 0.1": _all_brighter,
    "half of them of another maker": _half_of_another_maker,
}
DRIFT = Benchmark("drift", "alarms of the drift check on shuffled history, and on changed batches", measure)
