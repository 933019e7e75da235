"""Send: results about images of the store, made from their raw files, kept, and brought to one listed archive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

import pandas as pd
from pydicom.dataset import Dataset

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.intake.raw_store import raw_path, read_raw
from xray_platform.errors import InputError, MachineError, StoreError
from xray_platform.progress import Progress, silent
from xray_platform.serving.pacs.delivery import Delivery, delivery
from xray_platform.serving.pacs.destinations import Archive
from xray_platform.serving.pacs.judged_image import JudgedImage, judge_files
from xray_platform.serving.pacs.log import hush
from xray_platform.serving.pacs.result_store import has_results, keep_results, read_results
from xray_platform.serving.pacs.results import ModelIdentity, make_results, read_header
from xray_platform.serving.pacs.sent_journal import arrived, note, read_sent
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.predict import Predictor
from xray_platform.serving.row_facts import row_facts
from xray_platform.tables.places import Places

AT_ONCE = 32
Ending = Literal["sent", "known", "refused", "failed"]


@dataclass(frozen=True)
class Outcome:
    """How the results about one image of the store (its pseudonymous name) ended, and why."""

    image: str
    ending: Ending
    reason: str = ""


@dataclass(frozen=True)
class ListedImage:
    """An image of the store by its pseudonymous name, the SHA-256 of its raw file, and what its row states."""

    name: str
    sha256: str
    stated: ClinicalFacts = field(default_factory=ClinicalFacts)


def listed_images(rows: pd.DataFrame) -> list[ListedImage]:
    """Return the images of rows of the table `images`, in their order."""
    each = zip(rows["image"], rows["sha256"], row_facts(rows), strict=True)
    return [ListedImage(str(name), str(sha256), stated) for name, sha256, stated in each]


@dataclass(frozen=True)
class Sender:
    """Makes results with one model and brings them to one archive."""

    places: Places
    predictor: Predictor
    model: ModelIdentity
    settings: PacsSettings

    def send(self, images: Sequence[ListedImage], archive: Archive, progress: Progress = silent) -> Iterator[Outcome]:
        """Yield how each image ended. What arrived before is not sent again, what failed is tried again.

        Raises MachineError where the archive cannot be reached or rejects us, after that was journalled; StoreError
        where the raw zone cannot be read or written.
        """
        hush()
        there = arrived(read_sent(self.places), archive.name, self.model.bundle)
        todo = [image for image in images if image.sha256 not in there]
        yield from (Outcome(image.name, "known") for image in images if image.sha256 in there)
        if not todo:
            return
        with delivery(archive, self.settings) as way:
            self._deliver(todo[0], archive, way, [])  # nothing is made for an archive that is not there
            for start in range(0, len(todo), AT_ONCE):
                chunk = todo[start : start + AT_ONCE]
                refused = self._make(chunk)
                for done, image in enumerate(chunk, start=start + 1):
                    yield refused.get(image) or self._send(image, archive, way)
                    progress(done, len(todo), "sending")

    def make(self, images: Sequence[ListedImage], progress: Progress = silent) -> Iterator[Outcome]:
        """Make and keep the results about images, and send nothing; yield those of which there are none, and why."""
        hush()
        for start in range(0, len(images), AT_ONCE):
            yield from self._make(images[start : start + AT_ONCE]).values()
            progress(min(start + AT_ONCE, len(images)), len(images), "making")

    def _make(self, images: Sequence[ListedImage]) -> dict[ListedImage, Outcome]:
        """Make the results that are not there yet; return those images of which none can be made."""
        missing = [image for image in images if not has_results(self.places, image.sha256, self.model.bundle)]
        refused: dict[ListedImage, Outcome] = {}
        stated = {raw_path(self.places, image.sha256): image.stated for image in missing}
        paths = [raw_path(self.places, image.sha256) for image in missing]
        for image, judged in zip(missing, judge_files(paths, self.predictor, said=stated), strict=True):
            try:
                if isinstance(judged, JudgedImage):
                    made = make_results(self._header(image), image.sha256, judged, self.model)
                    keep_results(self.places, image.sha256, self.model.bundle, made)
                else:
                    refused[image] = Outcome(image.name, "refused", judged.reason)
            except InputError as error:
                refused[image] = Outcome(image.name, "refused", str(error))
        return refused

    def _header(self, image: ListedImage) -> Dataset:
        data = read_raw(self.places, image.sha256)
        if sha256(data).hexdigest() != image.sha256:
            raise StoreError(f"the raw file of {image.name} is not what came; xray verify --deep says more")
        return read_header(data)

    def _send(self, image: ListedImage, archive: Archive, way: Delivery) -> Outcome:
        objects = read_results(self.places, image.sha256, self.model.bundle)
        reason = self._deliver(image, archive, way, objects)
        uids = [str(one.SOPInstanceUID) for one in objects]
        note(self.places, archive.name, image.sha256, self.model.bundle, uids, reason)
        return Outcome(image.name, "failed" if reason else "sent", reason)

    def _deliver(self, image: ListedImage, archive: Archive, way: Delivery, objects: Sequence[Dataset]) -> str:
        try:
            return way.deliver(objects)
        except MachineError as error:
            note(self.places, archive.name, image.sha256, self.model.bundle, (), str(error))
            raise
