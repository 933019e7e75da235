"""Archive assets: raw bytes, quality, de-identified pictures, labels, boxes and splits."""

from collections.abc import Sequence

import dagster as dg
import pandas as pd

from xray_platform.defs.asset import platform_asset
from xray_platform.defs.asset_result import AssetResult, frame_digest, markdown
from xray_platform.defs.automation import FOLLOW, FOLLOW_LABELS, HOURLY
from xray_platform.defs.checks import blocking
from xray_platform.defs.progress import logged
from xray_platform.defs.recorded_head import head_metadata
from xray_platform.defs.sound_batches import left_out
from xray_platform.defs.store import Store
from xray_platform.dicom.deidentify.labels import labels_of
from xray_platform.dicom.deidentify.publish import publish_batch, publishing_part
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.intake.batch_plan import batch_names, read_plan
from xray_platform.dicom.intake.label_words import HOW_TO_DECLARE
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.dicom.pseudonym import load_key
from xray_platform.dicom.quality.examine import QualitySettings, examine_batch
from xray_platform.dicom.rules import RULES
from xray_platform.dicom.standard.boxes import boxes_of
from xray_platform.tables.all import BOXES, CATALOGUE, CLASSES, IMAGES, LABELS, QUALITY, SPLITS
from xray_platform.tables.columns import INTAKE as INTAKE_COLUMN
from xray_platform.tables.columns import REFUSED
from xray_platform.tables.columns import SPLIT as SPLIT_COLUMN
from xray_platform.tables.severity import DECISIONS, decide
from xray_platform.tables.table import WHOLE
from xray_platform.training.split_settings import SplitSettings
from xray_platform.training.splits import OF_AN_IMAGE, assign_splits, classes_of, labelled_images

GROUP = "archive"
INTAKE = INTAKE_COLUMN.allowed
TRUTHS = ("normal", "abnormal", "without label")
PARTS = tuple(f"{split} {truth}" for split in SPLIT_COLUMN.allowed for truth in TRUTHS[:2])


@platform_asset(group=GROUP, version="1", by_batch=True, kinds={"dicom"})
def raw_archive(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """The files of a batch, byte for byte, named by their SHA-256 and read-only; the only zone with identity."""
    places, batch = store.places, context.partition_key
    catalogue = take_in(places, read_plan(places, batch), progress=logged(context))
    CATALOGUE.write(places, catalogue, batch)
    return AssetResult(
        CATALOGUE,
        catalogue,
        {"files planned": len(catalogue), **counts(catalogue["intake"], INTAKE), **head_metadata(places)},
    )


@platform_asset(
    group=GROUP, version="2", by_batch=True, deps=["raw_archive"], kinds={"dicom", "parquet"}, automation=FOLLOW
)
def quality(context: dg.AssetExecutionContext, store: Store, config: QualitySettings) -> AssetResult:
    """What the quality rules found: one row a file and rule; decides between accept, quarantine and reject."""
    places, batch = store.places, context.partition_key
    found = examine_batch(places, batch, config, progress=logged(context))
    QUALITY.write(places, found, batch)
    worst = decisions(found)
    return AssetResult(
        QUALITY, found, {"files judged": len(worst), **counts(worst, DECISIONS), "rules": rules_in_words(found)}
    )


@platform_asset(
    group=GROUP,
    version="2",
    by_batch=True,
    deps=["raw_archive", "quality"],
    kinds={"dicom", "parquet"},
    automation=FOLLOW,
)
def images(context: dg.AssetExecutionContext, store: Store, config: DeidentifySettings) -> AssetResult:
    """The accepted pictures, de-identified: a file each, and a row of what research needs."""
    places, batch = store.places, context.partition_key
    published = publish_batch(places, batch, load_key(outside=[places.root]), config, progress=logged(context))
    QUALITY.write(places, published.findings, publishing_part(batch))
    IMAGES.write(places, published.images, batch)
    return AssetResult(
        IMAGES,
        published.images,
        {
            "pictures": len(published.images),
            "subjects": int(published.images["subject"].nunique()),
            "held back": int(published.findings["sha256"].nunique()),
            "held back, why": rules_in_words(published.findings),
        },
    )


@platform_asset(group=GROUP, version="4", deps=["raw_archive", "images"], kinds={"parquet"}, automation=HOURLY)
def labels(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """What the labels files say of each picture, in known words; of two that speak of one, the later wins."""
    unsound = tuple(left_out(context.instance, batch_names(store.places), blocking("quality", "images")))
    for batch in unsound:
        context.log.warning(f"{batch.batch} is left out: {batch.why}")
    joined = labels_of(store.places, {batch.batch for batch in unsound})
    frame = joined.frame
    LABELS.write(store.places, frame)
    if joined.held_back:
        context.log.warning(f"{joined.held_back} labels are held back; {HOW_TO_DECLARE}")
    truth = frame["abnormal"].map({True: "abnormal", False: "normal"}).fillna("without label")
    return AssetResult(
        LABELS,
        frame,
        {
            "pictures": len(frame),
            **counts(truth, TRUTHS),
            "different labels": frame["label"].nunique(),
            "held back": joined.held_back,
            "batches left out": {batch.batch: batch.why for batch in unsound},
        },
    )


@platform_asset(group=GROUP, version="1", deps=["raw_archive", "standard_images"], kinds={"parquet"}, automation=HOURLY)
def boxes(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """Where people drew boxes around findings, in pixels of the standard images; or why a box is not used."""
    joined = boxes_of(store.places)
    frame = joined.frame
    BOXES.write(store.places, frame)
    used = frame[frame["refused"].isna()]
    held_back = int((frame["refused"] == "held back").sum())
    if held_back:
        context.log.warning(f"the findings of {held_back} boxes are held back; {HOW_TO_DECLARE}")
    return AssetResult(
        BOXES,
        frame,
        {
            "boxes": len(frame),
            "used": len(used),
            "pictures with boxes": int(used["image"].nunique()),
            "different findings": int(used["finding"].nunique()),
            **{f"refused: {why}": number for why, number in counts(frame["refused"], REFUSED.allowed).items()},
            "of files that are not there": joined.of_no_file,
        },
    )


@platform_asset(group=GROUP, version="2", deps=["labels", "images"], kinds={"parquet"}, automation=FOLLOW_LABELS)
def splits(context: dg.AssetExecutionContext, store: Store, config: SplitSettings) -> AssetResult:
    """Train, validation and test, by subject. Phantoms give way as soon as real pictures have labels."""
    pictures = labelled_images(IMAGES.read(store.places, columns=OF_AN_IMAGE), LABELS.read(store.places))
    frame = assign_splits(pictures, SPLITS.earlier(store.places, WHOLE), config)
    classes = classes_of(frame, config)
    SPLITS.write(store.places, frame)
    CLASSES.write(store.places, classes)
    words = [f"{split} {_word(flag)}" for split, flag in zip(frame["split"], frame["abnormal"], strict=True)]
    return AssetResult(
        SPLITS,
        frame,
        {"pictures": len(frame), **counts(pd.Series(words, dtype="str"), PARTS), "classes": len(classes)},
        content=frame_digest(classes),
    )


def decisions(quality: pd.DataFrame) -> "pd.Series[str]":
    """Return the decision on each file, by SHA-256: the worst that any rule asks for."""
    decided: pd.Series[str] = quality.groupby("sha256")["severity"].agg(decide)
    return decided


def counts(words: "pd.Series[str]", allowed: Sequence[str]) -> dict[str, int]:
    """Return how often each of the allowed words occurs: numbers that Dagster plots over materialisations."""
    found = words.value_counts()
    return {word: int(found.get(word, 0)) for word in allowed}


def rules_in_words(findings: pd.DataFrame) -> dg.MetadataValue:
    """Return how many files each quality rule spoke of, with what it notices, as a table."""
    files = findings.groupby("rule")["sha256"].nunique()
    rows = [{"rule": code, "files": int(number), "notices": RULES[str(code)].notices} for code, number in files.items()]
    return dg.MetadataValue.md(markdown(pd.DataFrame(rows, columns=["rule", "files", "notices"])))


def _word(abnormal: bool) -> str:
    return "abnormal" if abnormal else "normal"


ASSETS = [raw_archive, quality, images, labels, boxes, splits]
