"""Intake: take an archive in as the assets do, and say how long each stage took."""

from pathlib import Path

from xray_platform.bench.timing import timed
from xray_platform.dicom.deidentify.publish import publish_batch, publishing_part
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.intake.batch_plan import batch_names, plan_batches, read_plan
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.dicom.quality.examine import QualitySettings, examine_batch
from xray_platform.tables.all import CATALOGUE, IMAGES, QUALITY
from xray_platform.tables.places import Places

KEY = PseudonymKey(b"a key for measuring only, no secret")


def take_archive_in(
    places: Places,
    source: Path,
    settings: QualitySettings = QualitySettings(),
    deidentify: DeidentifySettings = DeidentifySettings(),
) -> dict[str, float]:
    """Take an archive in; return the seconds of the stages `stored` (planning included), `examined` and `published`."""
    seconds = {"stored": 0.0, "examined": 0.0, "published": 0.0}
    _, planning = timed(plan_batches, places, source)
    for batch in batch_names(places):
        for stage, taken in take_batch_in(places, batch, settings, deidentify).items():
            seconds[stage] += taken
    seconds["stored"] += planning
    return seconds


def take_batch_in(
    places: Places,
    batch: str,
    settings: QualitySettings = QualitySettings(),
    deidentify: DeidentifySettings = DeidentifySettings(),
) -> dict[str, float]:
    """Take a planned batch in; return the seconds of the stages `stored`, `examined` and `published`."""
    plan, reading = timed(read_plan, places, batch)
    catalogue, storing = timed(take_in, places, plan)
    CATALOGUE.write(places, catalogue, batch)
    quality, examining = timed(examine_batch, places, batch, settings)
    QUALITY.write(places, quality, batch)
    published, publishing = timed(publish_batch, places, batch, KEY, deidentify)
    QUALITY.write(places, published.findings, publishing_part(batch))
    IMAGES.write(places, published.images, batch)
    return {"stored": reading + storing, "examined": examining, "published": publishing}
