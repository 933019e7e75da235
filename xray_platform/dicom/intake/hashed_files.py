"""Hashed files: the files of a plan, beside the SHA-256 under which the raw zone holds their bytes."""

from collections.abc import Iterator

from xray_platform.dicom.intake.batch_plan import BatchPlan, PlannedFile
from xray_platform.tables.all import CATALOGUE
from xray_platform.tables.places import Places


def hashed_files(places: Places, plan: BatchPlan) -> Iterator[tuple[str, PlannedFile]]:
    """Yield SHA-256 and file, in the order of the plan; files of which no bytes were stored are left out."""
    catalogue = CATALOGUE.read(places, plan.batch, columns=("source", "sha256"))
    hashes = dict(zip(catalogue["source"].to_numpy(object), catalogue["sha256"].to_numpy(object), strict=True))
    for file in plan.files:
        sha256 = hashes.get(file.source)
        if isinstance(sha256, str):
            yield sha256, file
