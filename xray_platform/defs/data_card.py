"""Data card: read from a store's tables what a report says of the data."""

import pandas as pd

from xray_platform.defs.dataset_file import read_dataset
from xray_platform.dicom.rules import RULES
from xray_platform.evaluation.dataset.composition import COLUMNS, composition
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.flow import Flow, flow_of
from xray_platform.tables.all import CATALOGUE, IMAGES, LABELS, QUALITY, SPLITS
from xray_platform.tables.places import Places

NOTICES = {code: rule.notices for code, rule in RULES.items()}


def data_card(places: Places, scored: pd.DataFrame) -> DataCard:
    """Return the data card of a model that was judged on these rows (`image`, `subject`, `split`, `abnormal`)."""
    images, splits = IMAGES.read(places, columns=(*COLUMNS, "sha256")), SPLITS.read(places)
    reasons = splits[splits["image"].isin(scored["image"])]["reason"].value_counts()
    return DataCard(
        read_dataset(places),
        flow_in_store(places, images, splits, scored),
        composition(images, scored),
        {str(why): int(number) for why, number in reasons.items()},
    )


def flow_in_store(
    places: Places, images: pd.DataFrame, splits: pd.DataFrame, scored: pd.DataFrame | None = None
) -> Flow:
    """Return the flow of a store's files; of the catalogue, which is of the raw zone, nothing but counts comes out."""
    return flow_of(
        CATALOGUE.read(places, columns=("source", "sha256")),
        QUALITY.read(places, columns=("sha256", "rule", "severity")),
        images,
        LABELS.read(places, columns=("image", "label")),
        splits,
        notices=NOTICES,
        scored=scored,
    )
