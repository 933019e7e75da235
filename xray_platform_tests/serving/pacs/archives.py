"""Archives: a small store with published images, and archives that take what is sent to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, evt
from pynetdicom.presentation import AllStoragePresentationContexts

from xray_platform.dicom.deidentify.publish import publish_batch
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.dicom.pseudonym import load_key
from xray_platform.dicom.quality.examine import examine_batch
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.ports import HOST, free_port
from xray_platform.serving.pacs.send import ListedImage, listed_images
from xray_platform.tables.all import CATALOGUE, IMAGES, QUALITY
from xray_platform.tables.places import Places

TITLE = "ARCHIVE"


def published_store(root: Path, archive: Path) -> Places:
    """Take an archive in and publish it, as the assets do."""
    places = Places(root)
    (plan,) = plan_batches(places, archive)
    CATALOGUE.write(places, take_in(places, plan), plan.batch)
    QUALITY.write(places, examine_batch(places, plan.batch, QualitySettings()), plan.batch)
    IMAGES.write(places, publish_batch(places, plan.batch, load_key(), DeidentifySettings()).images, plan.batch)
    return places


def listed(places: Places) -> list[ListedImage]:
    """All published images."""
    return listed_images(IMAGES.read(places))


@dataclass
class Taking:
    """An archive at work: its port, what came, and which status it answers with."""

    port: int
    came: list[Dataset] = field(default_factory=list)
    status: int = 0

    @property
    def where(self) -> str:
        return f"dicom://{TITLE}@{HOST}:{self.port}"


@contextmanager
def taking(syntaxes: Any = ALL_TRANSFER_SYNTAXES) -> Iterator[Taking]:
    """Run an archive in this process until the end of the block."""
    archive = Taking(free_port())

    def store(event: Any) -> int:
        if archive.status == 0:
            one = event.dataset
            one.file_meta = event.file_meta
            archive.came.append(one)
        return archive.status

    entity = AE(TITLE)
    entity.require_called_aet = True
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(str(context.abstract_syntax), syntaxes)
    server = entity.start_server((HOST, archive.port), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    assert server is not None
    try:
        yield archive
    finally:
        server.shutdown()
