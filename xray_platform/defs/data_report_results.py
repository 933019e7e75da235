"""Data report results: read what the report about the data needs from the tables, and write its page."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import cv2
import dagster as dg
import numpy as np
import pandas as pd

from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.data_card import NOTICES, flow_in_store
from xray_platform.defs.dataset_file import read_dataset
from xray_platform.defs.drift_results import drifts_of
from xray_platform.defs.pages import report_address
from xray_platform.dicom.intake.batch_plan import batch_names
from xray_platform.evaluation.cautions import Caution
from xray_platform.evaluation.dataset.composition import COLUMNS, composition
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.data_report import (
    LISTED_BATCHES,
    DataReport,
    SheetPicture,
    count_batches,
    count_rules,
    write_data_report,
)
from xray_platform.evaluation.dataset.distributions import (
    OF_IMAGES,
    OF_STANDARD,
    distributions,
    picture_numbers,
    unusual,
)
from xray_platform.evaluation.dataset.drift import Drift, DriftSettings
from xray_platform.evaluation.wording import count
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.tables.all import IMAGES, LABELS, QUALITY, SPLITS, STANDARD_IMAGES
from xray_platform.tables.manifest import keep_folder
from xray_platform.tables.places import Places

FOLDER = "data"
SAMPLE, MOST_UNUSUAL = 32, 16
SIDE = 160
MOST_LABELS = 30


def data_report_of(places: Places, settings: DriftSettings) -> AssetResult:
    """Write the report about the data of a store; the settings say when a batch is called different from others."""
    report = _report(places, settings)
    folder = places.reports / FOLDER
    page = write_data_report(folder, report)
    keep_folder(places, f"reports/{FOLDER}", folder)
    made, flow = report.card.composition, report.card.flow
    return AssetResult(
        content=str(report.dump()) + str([one.image for one in report.sample]),
        metadata={
            "files received": flow.stages[0].number,
            "pictures": made.pictures[0],
            "subjects": made.subjects[0],
            "left out": flow.left_out,
            "pictures with a label": sum(report.labels.values()),
            "report": dg.MetadataValue.path(str(page)),
            "open the report": dg.MetadataValue.url(report_address(places, page)),
        },
    )


def _report(places: Places, settings: DriftSettings) -> DataReport:
    columns = tuple(dict.fromkeys((*COLUMNS, *OF_IMAGES, "sha256", "batch")))
    images = IMAGES.read(places, columns=columns)
    quality = QUALITY.read(places, columns=("sha256", "rule", "severity", "batch"))
    standard = STANDARD_IMAGES.read(places, columns=(*OF_STANDARD, "batch", "window_low", "window_high"))
    numbers = picture_numbers(images, standard)
    flow = flow_in_store(places, images, SPLITS.read(places))
    card = DataCard(read_dataset(places), flow, composition(images))
    odd, order = unusual(numbers, MOST_UNUSUAL), batch_names(places)
    published = set(images["batch"].astype(str))
    latest = [name for name in order if name in published][-LISTED_BATCHES:]
    drifts = list(drifts_of(places, latest, settings))
    return DataReport(
        card=card,
        rules=count_rules(quality, NOTICES),
        batches=count_batches(quality, images, order, {found.batch: found for found in drifts}),
        numbers=distributions(numbers),
        labels=_labels(places, images),
        sample=list(_pictures(places, standard, dict.fromkeys(_drawn(standard), ""))),
        unusual=list(_pictures(places, standard, odd)),
        cautions=[*_cautions(card), *_drifted(drifts)],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _labels(places: Places, images: pd.DataFrame) -> dict[str, int]:
    """Return how many pictures have each label, the most frequent first; rare ones are counted together."""
    labels = LABELS.read(places, columns=("image", "label")).dropna()
    counted = labels[labels["image"].isin(images["image"])]["label"].astype(str).value_counts()
    found = {str(label): int(number) for label, number in counted.head(MOST_LABELS).items()}
    rest = int(counted.iloc[MOST_LABELS:].sum())
    return {**found, "others": rest} if rest else found


def _drawn(standard: pd.DataFrame) -> list[str]:
    """Return some images, the same ones as long as there are no others."""
    names = standard["image"].astype(str)
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:SAMPLE]


def _pictures(places: Places, standard: pd.DataFrame, captions: Mapping[str, str]) -> Iterator[SheetPicture]:
    """Yield images of the contact sheet, small, in the order of their captions."""
    rows = standard.set_index(standard["image"].astype(str)).loc[list(captions)]
    opened = {batch: StandardImageBatch.open(places, batch) for batch in sorted(set(rows["batch"].astype(str)))}
    for image, batch, low, high in zip(rows.index, rows["batch"], rows["window_low"], rows["window_high"], strict=True):
        pixels = read_standard_image(opened[str(batch)][image])
        scale = SIDE / max(pixels.shape)
        size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        yield SheetPicture(image, np.clip((small - low) / max(high - low, 1.0), 0, 1), captions[image])


def _drifted(drifts: Sequence[Drift]) -> Iterator[Caution]:
    """Yield a caution where the newest batches differ from those before them."""
    found = [drift for drift in drifts if drift.outcome == "drifted"]
    if found:
        named = "; ".join(f"{drift.batch}: {drift.drifted[0].said}" for drift in found[-3:])
        text = (
            f"{count(len(found), 'batch', 'batches')} of the last {len(drifts)} differ from what came before: {named}."
        )
        yield Caution("drift", "Batches that differ", text)


def _cautions(card: DataCard) -> Iterator[Caution]:
    """Yield what a reader of the page must know first."""
    if "phantom" in card.origins:
        number = card.composition.fact("origin").counts["phantom"][0].pictures
        text = f"{count(number, 'picture')} of {card.composition.pictures[0]:,} are phantoms, made by a program."
        yield Caution("phantoms", "Made-up pictures", text)
    if not card.described.said:
        text = "Nobody has said where the data come from and who set the labels: `xray dataset --example` shows how."
        yield Caution("undescribed", "Not described", text)
    elif card.of_no_picture:
        text = f"dataset.yaml speaks of {', '.join(card.of_no_picture)}, and no picture has that origin."
        yield Caution("no-such-origin", "Origins without pictures", text)
