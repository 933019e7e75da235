"""Labels: join what the labels files said to the pictures that were published."""

from typing import Any

import pandas as pd

from xray_platform.dicom.plan import PlannedFile, plans
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.tables.all import CATALOGUE, IMAGES, LABELS
from xray_platform.tables.places import Places


def labels_of(places: Places, _key: PseudonymKey | None = None) -> pd.DataFrame:
    """Return the rows of the labels table: one a published picture, in the order of the images table.

    Plans are read in the order in which they were opened, and what a later one says of a picture wins, so a corrected
    labels file corrects the labels. A picture of which no plan says anything has a row without label. Subjects come
    from the images table, where they are pseudonyms already, so the key is not asked for anything.
    """
    said: dict[str, PlannedFile] = {}
    for plan in plans(places):
        catalogue = CATALOGUE.read(places, plan.batch)
        hashes = dict(zip(catalogue["source"], catalogue["sha256"], strict=True))
        for file in plan.files:
            sha256 = hashes.get(file.source)
            if isinstance(sha256, str) and (sha256 not in said or _says_anything(file)):
                said[sha256] = file
    return LABELS.frame([_row(image, said) for image in IMAGES.read(places).to_dict("records")])


def _says_anything(file: PlannedFile) -> bool:
    return any(value is not None for value in (file.label, file.abnormal, file.split))


def _row(image: dict[Any, Any], said: dict[str, PlannedFile]) -> dict[str, Any]:
    file = said.get(image["sha256"])
    return {
        "image": image["image"],
        "subject": image["subject"],
        "origin": image["origin"],
        "label": file.label if file else None,
        "abnormal": file.abnormal if file else None,
        "split_given": file.split if file else None,
    }
