"""Drift results: what each batch of a store is like beside those before it, read from the tables."""

from collections.abc import Collection, Iterator, Sequence

import pandas as pd

from xray_platform.dicom.intake.batch_plan import batch_names
from xray_platform.evaluation.dataset.drift import Drift, DriftSettings, facts_of
from xray_platform.evaluation.dataset.drift_since import drifts_since
from xray_platform.tables.all import DECISIONS, IMAGES, STANDARD_IMAGES
from xray_platform.tables.places import Places


def drift_of_batch(places: Places, batch: str, settings: DriftSettings) -> Drift:
    """Compare one batch with those before it that have published pictures, of these the ones that the champion knows.

    Without a champion, or where nothing says what it knows, with all of them.
    """
    (found,) = drifts_of(places, [batch], settings, _known(places))
    return found


def drifts_of(
    places: Places, batches: Sequence[str], settings: DriftSettings, known: Collection[str] | None = None
) -> Iterator[Drift]:
    """Compare each of these batches (the last ones, in the order of all) with those before it, see `drifts_since`."""
    order = batch_names(places)
    order += [batch for batch in batches if batch not in order]
    return drifts_since(order, batches, lambda batch: _facts(places, batch), settings, known=known)


def _known(places: Places) -> Collection[str] | None:
    if not DECISIONS.parts(places):  # there was never a champion
        return None
    from xray_platform.defs.known_batches import knowledge_of  # MLflow takes seconds to import
    from xray_platform.tracking.mlflow_store import open_tracking
    from xray_platform.tracking.registry import champion

    tracking = open_tracking(places)
    return knowledge_of(places, tracking, champion(tracking)).batches(batch_names(places))


def _facts(places: Places, batch: str) -> pd.DataFrame:
    return facts_of(IMAGES.read_some(places, [batch]), STANDARD_IMAGES.read_some(places, [batch]))
