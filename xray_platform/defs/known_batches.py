"""Known batches: what the champion knows of a store's pictures: which it learnt from, and which it was chosen beside.

A picture was learnt from where its batch was in the training part when the champion was trained, and its split says
`train`: splits stay with the subject, and a batch that came later was not there. A batch is known where the champion
learnt from it or from a later one, or where a person chose the champion when the batch was there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from xray_platform.defs.model_store import has_record, record_of
from xray_platform.dicom.intake.batch_plan import batch_names
from xray_platform.errors import DataError
from xray_platform.tables.all import IMAGES, SPLITS
from xray_platform.tables.places import Places
from xray_platform.tracking.evaluations import training_of
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.registry import Registered


@dataclass(frozen=True)
class Knowledge:
    """What a champion knows: the batches that it learnt from, and the newest that was there when a person chose it.

    learnt: None where nothing says it (no champion, or one that an older version trained).
    """

    learnt: frozenset[str] | None = None
    chosen_beside: str = ""

    def batches(self, order: Sequence[str]) -> frozenset[str] | None:
        """Return the known ones of all batches in their order: those up to the newest; None where nothing says it."""
        named = {*(self.learnt or ()), self.chosen_beside}
        newest = max((place for place, batch in enumerate(order) if batch in named), default=None)
        return None if newest is None else frozenset(order[: newest + 1])

    def learnt_from(self, places: Places, pictures: pd.DataFrame) -> "pd.Series[bool]":
        """Say of each row (columns image, batch) whether the champion learnt from the picture.

        Where nothing says of which batches it learnt, all that are in the training part today count as learnt.
        """
        splits = SPLITS.read(places, columns=("image", "split"))
        found = pictures["image"].isin(splits.loc[splits["split"] == "train", "image"])
        return found if self.learnt is None else found & pictures["batch"].isin(self.learnt)


def published_batches(places: Places) -> list[str]:
    """Return the batches with published pictures, in the order in which they were opened."""
    published = set(IMAGES.parts(places))
    return [name for name in batch_names(places) if name in published]


def knowledge_of(places: Places, tracking: Tracking, held: Registered | None) -> Knowledge:
    """Return what a champion knows, by the record of its training and by the registry; nothing without a champion.

    Raises StoreError where the record was changed or cannot be read.
    """
    if held is None:
        return Knowledge()
    chosen = held.tags.get("promoted_newest_batch", "") if held.tags.get("promoted_how") == "chosen" else ""
    return Knowledge(frozenset(_batches(places, tracking, held)) or None, chosen)


def _batches(places: Places, tracking: Tracking, held: Registered) -> tuple[str, ...]:
    """Return the batches that a champion learnt from; none where its training is not in this store, or is old."""
    try:
        training = training_of(tracking, held.run_id)
    except DataError:
        return ()
    return record_of(places, held.model, training).batches if has_record(places, held.model, training) else ()
