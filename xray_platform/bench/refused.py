"""Refused: how many images of folders of sound radiographs are not published, and by which rules."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.intake import take_archive_in
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.rules import BURNED_IN_TEXT
from xray_platform.progress import Progress
from xray_platform.tables.all import CATALOGUE, IMAGES, QUALITY
from xray_platform.tables.places import Places
from xray_platform.tables.severity import HELD_BACK


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Take each folder in as `xray ingest` does, with every rule; images without a patient are grouped by study."""
    figures: dict[str, float | int | str] = {
        "note": "every rule and the search for text; files without a patient count as patients of their own; no tensors"
    }
    for done, folder in enumerate(inputs.data):
        with tempfile.TemporaryDirectory(prefix="xray-refused-") as name:
            figures |= {
                f"{folder.parent.name}/{folder.name}: {key}": value
                for key, value in _refused(Places(Path(name) / "store"), folder)
            }
        progress(done + 1, len(inputs.data), "folders")
    return figures


def _refused(places: Places, folder: Path) -> Iterator[tuple[str, float | int]]:
    seconds = sum(take_archive_in(places, folder, deidentify=DeidentifySettings(missing_patient_id="study")).values())
    images = len(IMAGES.read(places))
    found = QUALITY.read(places)
    blocking = found[found["severity"].isin(HELD_BACK)]
    refused = blocking["sha256"].nunique()
    yield "files", len(CATALOGUE.read(places))
    yield "distinct images", images + refused
    yield "published", images
    yield "refused", refused
    yield "refused, share", refused / max(images + refused, 1)
    painted = set(found[(found["rule"] == BURNED_IN_TEXT) & (found["severity"] == "warn")]["sha256"]) - set(
        blocking["sha256"]
    )
    yield "published, painted over in part", len(painted)
    for rule, count in blocking.groupby("rule")["sha256"].nunique().items():
        yield f"refused by {rule}", int(count)
    yield "seconds", seconds


REFUSED = Benchmark(
    "refused",
    "how many sound radiographs are not published, and by which rules",
    measure,
    needs="folders of sound radiographs, DICOM, JPEG or PNG",
)
