"""Drift results: what each batch of a store is like beside those before it, read from the tables."""

from collections.abc import Iterator, Sequence

import pandas as pd

from xray_platform.dicom.intake.batch_plan import batch_names
from xray_platform.evaluation.dataset.drift import Drift, DriftSettings, drift_of, facts_of
from xray_platform.tables.all import IMAGES, STANDARD_IMAGES
from xray_platform.tables.places import Places


def drift_of_batch(places: Places, batch: str, settings: DriftSettings) -> Drift:
    """Compare one batch with those before it that have published pictures."""
    (found,) = drifts_of(places, [batch], settings)
    return found


def drifts_of(places: Places, batches: Sequence[str], settings: DriftSettings) -> Iterator[Drift]:
    """Compare each of these batches (in the order of all) with those before it; each is read once."""
    order = batch_names(places)
    held: dict[str, pd.DataFrame] = {}
    for batch in batches:
        before = order[: order.index(batch)] if batch in order else order
        wanted = before[-settings.reference_batches :]
        held = {name: held[name] if name in held else _facts(places, name) for name in (*wanted, batch)}
        reference = pd.concat([held[name] for name in wanted], ignore_index=True) if wanted else held[batch].head(0)
        yield drift_of(batch, held[batch], reference, settings)


def _facts(places: Places, batch: str) -> pd.DataFrame:
    return facts_of(IMAGES.read_some(places, [batch]), STANDARD_IMAGES.read_some(places, [batch]))
