"""Clinical values: what the published images' rows say of age, sex and view, as a model takes it."""

from collections.abc import Iterator, Sequence

import numpy as np

from xray_platform.clinical_columns import ClinicalFacts, ClinicalValues, encode, width_of
from xray_platform.serving.row_facts import STATING, row_facts
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places


def clinical_values(places: Places, images: Sequence[str], columns: Sequence[str]) -> ClinicalValues:
    """Return the values of these columns for each image, (N, K) float32, in this order; 0 where one is unknown."""
    made = np.zeros((len(images), width_of(columns)), np.float32)
    for place, facts in enumerate(stated_facts(places, images)):
        made[place] = encode(facts, columns)
    return made


def stated_facts(places: Places, images: Sequence[str]) -> Iterator[ClinicalFacts]:
    """Yield what the row of each image says, in this order; of an image without a row nothing is known."""
    table = IMAGES.read(places, columns=("image", *STATING)).set_index("image")
    yield from row_facts(table.reindex(list(images)))
