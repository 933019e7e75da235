"""Reader labels: hand what people said of images over to training, as a labels batch of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime

from xray_platform.dicom.intake.batch_plan import PlannedFile, plan_files, plans
from xray_platform.dicom.intake.hashed_files import hashed_files
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.dicom.intake.readings import HandedOver, Reading, append_line, read_lines, waiting
from xray_platform.errors import StoreError
from xray_platform.object_store.on_demand import bring_raw
from xray_platform.tables.places import Places


def hand_over(places: Places) -> tuple[str, ...]:
    """Open batches whose files are those of the waiting readings, with the label that was read; return their names.

    Of two readings of an image the later one counts. Where a reading says what the labels say already, the label,
    which may say more (a finding), stays. A crash at worst opens a batch twice, which says the same twice. The next
    `xray run` takes the batches in. Raises StoreError.
    """
    found = waiting(list(read_lines(places)))
    read = {reading.sha256: reading for reading in found}
    files = list(_files(places, read)) if read else []
    opened = [
        plan.batch
        for origin in sorted({of for of, _ in files})
        for plan in plan_files(places, places.raw, origin, [file for of, file in files if of == origin])
    ]
    if found:
        append_line(places, HandedOver(at=datetime.now(UTC).isoformat(timespec="seconds"), batches=tuple(opened)))
    return tuple(opened)


def _files(places: Places, read: dict[str, Reading]) -> Iterator[tuple[str, PlannedFile]]:
    """Yield origin and file of each reading that says something new, with all else that was said of the file."""
    known = _planned(places, set(read))
    for sha256, reading in read.items():
        if sha256 not in known:
            raise StoreError(f"the image {reading.image} was read, and no plan holds it")
        origin, before = known[sha256]
        if before.abnormal is not reading.abnormal:
            yield origin, _relabelled(places, before, reading)


def _planned(places: Places, wanted: set[str]) -> dict[str, tuple[str, PlannedFile]]:
    """Return by raw hash what the plans say last of the wanted files, and where those came from."""
    known: dict[str, tuple[str, PlannedFile]] = {}
    for plan in plans(places):
        for sha256, file in hashed_files(places, plan):
            if sha256 in wanted:
                said = file.label is not None or file.abnormal is not None or sha256 not in known
                known[sha256] = (plan.origin, file) if said else known[sha256]
    return known


def _relabelled(places: Places, before: PlannedFile, reading: Reading) -> PlannedFile:
    path = raw_path(places, reading.sha256)
    bring_raw(places, [path])
    status = path.stat()
    changed = {
        "path": str(path),
        "relative": path.relative_to(places.raw).as_posix(),
        "size_bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "changed_ns": status.st_ctime_ns,
        "member": None,
        "again": None,
        "label": "abnormal" if reading.abnormal else "normal",
        "abnormal": reading.abnormal,
    }
    return before.model_copy(update=changed)
